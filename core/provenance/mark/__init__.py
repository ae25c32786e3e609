"""Write an id into a picture's pixels, where eyes do not find it, and read it back.

    base       what a method of marking gives and takes
    keys       the secret that marks are made of: versions, rotation
    marker     the one that the rest of Easel asks: writes by one method, reads by all

    spread     our own method, `easel.ss64`: a keyed spread spectrum
    tile       the waves that it repeats, and what each of them says
    writing    adding them to a picture, more where there is much to see
    strength   the least strength that outlasts a simulated preview
    waves      measuring them in a picture, at any scale
    search     finding their scale and place, and reading the id
    threads    one core for one picture
    erasing    taking an earlier mark out before a new one is written

    neural     methods that an operator mounts: `trustmark`, `pixelseal`
    message    an id in a network's raw bits
    network    one ONNX file

All of it needs numpy and Pillow, mounted networks onnxruntime as well; processes
that only chat load nothing of it.
"""
