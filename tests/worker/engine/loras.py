"""Write LoRA files in the spellings of several trainers, and merge them as the ground truth."""

import copy
import json

import torch
from safetensors.torch import save_file

from worker.engine.lora_names import layers_of

LAYOUTS = ("peft", "diffusers", "processor", "kohya")


def random_changes(component, wanted, *, rank=4, seed=0):
    """Draw factors for the layers of a component whose names `wanted` accepts."""
    generator = torch.Generator().manual_seed(seed)
    changes = {}
    for name, layer in layers_of(component).items():
        if wanted(name):
            rows, *shape = layer.weight.shape
            down = torch.randn((rank, *shape), generator=generator) * 0.3
            up = torch.randn((rows, rank, *(1,) * (down.dim() - 2)), generator=generator) * 0.3
            changes[name] = (down, up)
    assert changes
    return changes


def spelled(changes, layout, component="unet", alpha=None):
    """Name factors as a trainer does; alpha is the tensor beside them, where there is one."""
    tensors = {}
    for name, (down, up) in changes.items():
        stem, low, high = {
            "peft": (f"{component}.{name}", ".lora_A.weight", ".lora_B.weight"),
            "diffusers": (f"{component}.{name}", ".lora.down.weight", ".lora.up.weight"),
            "processor": (
                f"{component}.{_as_processor(name)}_lora",
                ".down.weight",
                ".up.weight",
            ),
            "kohya": (
                f"{_KOHYA[component]}_{name.replace('.', '_')}",
                ".lora_down.weight",
                ".lora_up.weight",
            ),
        }[layout]
        tensors[f"{stem}{low}"], tensors[f"{stem}{high}"] = down.contiguous(), up.contiguous()
        if alpha is not None:
            tensors[f"{stem.removesuffix('_lora')}.alpha"] = torch.tensor(float(alpha))
    return tensors


def save_lora(path, tensors, metadata=None):
    """Write a LoRA file, with diffusers' own metadata where given."""
    save_file(tensors, path, {"lora_adapter_metadata": json.dumps(metadata)} if metadata else None)
    return str(path)


def merged(component, *parts):
    """Copy a component with changes added to its weights: (changes, scale), …"""
    component = copy.deepcopy(component)
    layers = layers_of(component)
    with torch.no_grad():
        for changes, scale in parts:
            for name, (down, up) in changes.items():
                change = up.flatten(1) @ down.flatten(1)
                layers[name].weight += scale * change.view_as(layers[name].weight)
    return component


def _as_processor(name):
    """Spell an attention layer as diffusers did when processors held the weights."""
    stem, _, layer = name.removesuffix(".0").rpartition(".")
    return f"{stem}.processor.{layer}"


_KOHYA = {
    "unet": "lora_unet",
    "transformer": "lora_unet",
    "text_encoder": "lora_te1",
    "text_encoder_2": "lora_te2",
}
