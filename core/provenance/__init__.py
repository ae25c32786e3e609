"""Label every picture that leaves, and read labels back.

    keys       the signing chain: made at first start, or an operator's own
    rotation   another certificate from now on; key_folder, development and key_check go with it
    signer     a command that signs in place of a key file
    trial      whether all that signs, on one pixel
    authority_time  who vouches for the time of signing; time_token and late_stamps go with it
    manifest   what the signed C2PA manifest says
    xmp        the same in plain IPTC metadata, and reading it back safely
    stamp      pixels -> PNG -> XMP -> C2PA last -> the exact bytes to post
    container  PNG, JPEG and WebP by their bytes, without decoding a pixel
    moving     the same for GIF and MP4, and a packet put into what moves
    frame      what such a walk finds
    pdq        what a picture looks like in 256 bits, as the deny list knows it; its distance
    looks      both fingerprints of a picture
    alike      the labelled pictures that look like one, among a million
    read       a file -> a report: whose label it is and whether it holds
    native     every call into the C2PA library
    isolation  the reading call in a process of its own, with bounded memory and time

The library (23 MB, in the extra `provenance`) is loaded at the first stamp or read.
"""
