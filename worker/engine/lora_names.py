"""Find the layer that a key of a LoRA file means, whatever trainer wrote the file.

    diffusers, peft      unet.down_blocks.0.….attn1.to_q.lora_A.weight, .lora.down.weight,
                         ….attn1.processor.to_q_lora.down.weight, base_model.model.….lora_A.weight
    kohya, SD 1 and 2    lora_unet_down_blocks_0_…_attn1_to_q.lora_down.weight, lora_te_text_model_…
    kohya, SDXL          lora_unet_input_blocks_4_1_…: the blocks of Stability's own code
    kohya, Flux          lora_unet_double_blocks_0_img_attn_qkv: Black Forest Labs' own layers,
    ComfyUI, Flux        diffusion_model.double_blocks.0.img_attn.qkv: some of which are fused

Every name is compared without its dots, so that one table serves both spellings.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import nn

Layer = nn.Linear | nn.Conv2d
"""What a LoRA may change."""


@dataclass(frozen=True, slots=True)
class Target:
    """One layer, and the share of the file's output rows that is meant for it."""

    component: str
    """Attribute of the pipeline: `unet`, `transformer`, `text_encoder`, …"""
    module: str
    begin: int = 0
    is_swapped: bool = False
    """Whether the two halves of the rows change places (scale and shift, by another convention)."""


_PREFIXES = (
    ("lora_unet_", ("unet", "transformer")),
    ("lora_transformer_", ("transformer",)),
    ("lora_te3_", ("text_encoder_3", "text_encoder_2")),  # Flux calls its T5 the second.
    ("lora_te2_", ("text_encoder_2",)),
    ("lora_te1_", ("text_encoder",)),
    ("lora_te_", ("text_encoder",)),
    ("text_encoder_3.", ("text_encoder_3",)),
    ("text_encoder_2.", ("text_encoder_2",)),
    ("text_encoder.", ("text_encoder",)),
    ("unet.", ("unet",)),
    ("transformer.", ("transformer",)),
    ("diffusion_model.", ("unet", "transformer")),
    ("", ("unet", "transformer")),
)

_SGM_RESNET = (
    ("in_layers_2", "conv1"),
    ("emb_layers_1", "time_emb_proj"),
    ("out_layers_3", "conv2"),
    ("skip_connection", "conv_shortcut"),
)
_SGM_OUTER = {
    "input_blocks_0_0": "conv_in",
    "out_2": "conv_out",
    "time_embed_0": "time_embedding_linear_1",
    "time_embed_2": "time_embedding_linear_2",
    "label_emb_0_0": "add_embedding_linear_1",
    "label_emb_0_2": "add_embedding_linear_2",
}
_SGM_MIDDLE = {"0": "resnets_0", "1": "attentions_0", "2": "resnets_1"}

_FLUX_BLOCKS = (
    ("double_blocks_", "transformer_blocks_"),
    ("single_blocks_", "single_transformer_blocks_"),
)
_FLUX_LAYERS: dict[str, tuple[str, ...]] = {
    "img_attn_qkv": ("attn_to_q", "attn_to_k", "attn_to_v"),
    "txt_attn_qkv": ("attn_add_q_proj", "attn_add_k_proj", "attn_add_v_proj"),
    "linear1": ("attn_to_q", "attn_to_k", "attn_to_v", "proj_mlp"),
    "linear2": ("proj_out",),
    "img_attn_proj": ("attn_to_out_0",),
    "txt_attn_proj": ("attn_to_add_out",),
    "img_mlp_0": ("ff_net_0_proj",),
    "img_mlp_2": ("ff_net_2",),
    "txt_mlp_0": ("ff_context_net_0_proj",),
    "txt_mlp_2": ("ff_context_net_2",),
    "img_mod_lin": ("norm1_linear",),
    "txt_mod_lin": ("norm1_context_linear",),
    "modulation_lin": ("norm_linear",),
}
_FLUX_OUTER = {
    "img_in": "x_embedder",
    "txt_in": "context_embedder",
    "time_in_in_layer": "time_text_embed_timestep_embedder_linear_1",
    "time_in_out_layer": "time_text_embed_timestep_embedder_linear_2",
    "vector_in_in_layer": "time_text_embed_text_embedder_linear_1",
    "vector_in_out_layer": "time_text_embed_text_embedder_linear_2",
    "guidance_in_in_layer": "time_text_embed_guidance_embedder_linear_1",
    "guidance_in_out_layer": "time_text_embed_guidance_embedder_linear_2",
    "final_layer_linear": "proj_out",
    "final_layer_adaLN_modulation_1": "norm_out_linear",
}
_SWAPPED = "final_layer_adaLN_modulation_1"


class Names:
    """Know a pipeline's layers by every name that trainers give them."""

    def __init__(self, components: Mapping[str, nn.Module]) -> None:
        self._layers = {name: layers_of(module) for name, module in components.items()}
        self._flat = {name: dict(_flattened(layers)) for name, layers in self._layers.items()}
        unet = components.get("unet")
        per_block = getattr(getattr(unet, "config", None), "layers_per_block", None)
        self._layers_per_block = per_block if isinstance(per_block, int) else 2

    def layer(self, component: str, module: str) -> Layer:
        """Give the layer itself."""
        return self._layers[component][module]

    def targets(self, name: str) -> list[Target]:
        """List the layers that a key, without its ending, means; empty where there are none."""
        name = name.removeprefix("base_model.model.").removeprefix("model.")
        for prefix, components in _PREFIXES:
            if name.startswith(prefix):
                flat = name.removeprefix(prefix).replace(".processor", "").replace(".", "_")
                found = (self._find(component, flat) for component in components)
                return next((targets for targets in found if targets), [])
        return []

    def _find(self, component: str, flat: str) -> list[Target]:
        known = self._flat.get(component, {})
        spellings = (flat, f"{flat}_0", _from_sgm(flat, self._layers_per_block))
        for spelling in spellings:  # `to_out` alone means `to_out.0`, its only weights.
            if spelling in known:
                return [Target(component, known[spelling])]
        fused = _from_flux(flat)
        if not fused or not all(part in known for part in fused):
            return []
        return list(self._split(component, [known[part] for part in fused], flat == _SWAPPED))

    def _split(self, component: str, modules: list[str], is_swapped: bool) -> Iterator[Target]:
        begin = 0
        for module in modules:
            yield Target(component, module, begin, is_swapped)
            begin += rows_of(self._layers[component][module])


def layers_of(component: nn.Module) -> dict[str, Layer]:
    """List a component's linear and convolutional layers by their own names."""
    return {
        name: module
        for name, module in component.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d)
    }


def rows_of(layer: Layer) -> int:
    """Count a layer's outputs."""
    return int(layer.weight.shape[0])


def _flattened(layers: Mapping[str, Layer]) -> Iterator[tuple[str, str]]:
    """Spell names without dots, and with and without the level that transformers 5 dropped."""
    for name in layers:
        flat = name.replace(".", "_")
        yield flat, name
        if flat.startswith("text_model_"):
            yield flat.removeprefix("text_model_"), name
        else:
            yield f"text_model_{flat}", name


def _from_sgm(flat: str, layers_per_block: int) -> str:
    """Translate a layer of Stability's own UNet to diffusers' name; others stay as they are."""
    if flat in _SGM_OUTER:
        return _SGM_OUTER[flat]
    middle = re.fullmatch(r"middle_block_([012])_(.+)", flat)
    if middle:
        return f"mid_block_{_SGM_MIDDLE[middle[1]]}_{_sgm_inner(middle[2])}"
    match = re.fullmatch(r"(input|output)_blocks_(\d+)_(\d)_(.+)", flat)
    if not match:
        return flat
    way, index, place, inner = match[1], int(match[2]), int(match[3]), match[4]
    side = "down" if way == "input" else "up"
    block, layer = divmod(index - (way == "input"), layers_per_block + 1)
    if inner in {"op", "conv"}:
        return f"{side}_blocks_{block}_{side}samplers_0_conv"
    kind = "resnets" if place == 0 else "attentions"
    return f"{side}_blocks_{block}_{kind}_{layer}_{_sgm_inner(inner)}"


def _sgm_inner(inner: str) -> str:
    return dict(_SGM_RESNET).get(inner, inner)


def _from_flux(flat: str) -> list[str]:
    """Translate a layer of Black Forest Labs' own transformer to the diffusers layers it fuses."""
    if flat in _FLUX_OUTER:
        return [_FLUX_OUTER[flat]]
    for theirs, ours in _FLUX_BLOCKS:
        match = re.fullmatch(rf"{theirs}(\d+)_(.+)", flat)
        if match:
            return [f"{ours}{match[1]}_{part}" for part in _FLUX_LAYERS.get(match[2], ())]
    return []
