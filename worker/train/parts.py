"""Name the classes of the parts that a pipeline is put together from.

They are diffusers' and transformers' own. To mypy diffusers' models are no `torch.nn.Module`, and
their constructors are untyped, so that they go by `Any` here and nowhere else.
"""

from typing import Any

import diffusers
import transformers
from diffusers.models import attention_processor
from diffusers.models.autoencoders import vae

Autoencoder = Any  # An AutoencoderTiny: see above.
Denoiser = Any  # A UNet2DConditionModel: see above.
Scheduler = Any  # A DDIMScheduler: see above.
TextEncoder = transformers.CLIPTextModel
Tokenizer = Any  # A CLIPTokenizer, whose class is built at run time.

new_autoencoder: Any = diffusers.AutoencoderTiny  # See above.
new_denoiser: Any = diffusers.UNet2DConditionModel  # See above.
new_scheduler: Any = diffusers.DDIMScheduler  # See above.
plain_attention: Any = attention_processor.AttnProcessor  # See above.
new_pipeline: Any = diffusers.StableDiffusionPipeline  # See above.
new_tokenizer: Any = transformers.CLIPTokenizer  # See above.
autoencoder_block: Any = vae.AutoencoderTinyBlock  # type: ignore[attr-defined]  # Not in __all__.
