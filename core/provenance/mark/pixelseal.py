"""Say how Meta's Pixel Seal networks are spoken to, for weights that are mounted.

Meta gives out checkpoints for torch. An operator exports two ONNX files from them:
`embedder.onnx`, from a picture between 0 and 1 and 256 bits to what is added to it (attenuation
and strength within), and `detector.onnx`, from a picture to 1 + 256 numbers, of which the first
says whether there is a mark at all.
"""

from typing import Final

from core.provenance.mark.neural import Kind

PIXELSEAL: Final = Kind(
    name="pixelseal",
    embedder="embedder.onnx",
    reader="detector.onnx",
    bits=256,
    low=0.0,
    difference=lambda _shown, said: said,
    logits=lambda said: said.reshape(-1)[1:],
)
