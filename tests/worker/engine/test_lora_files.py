"""LoRA files of every common trainer are understood; what is not understood is refused whole."""

import pytest
import torch
from safetensors.torch import save_file

from core.errors import UserError
from tests.worker.engine.loras import random_changes, save_lora, spelled
from tests.worker.engine.tiny_flux import tiny_flux
from tests.worker.engine.tiny_pipelines import tiny_sdxl
from worker.engine.lora_files import read_adapter
from worker.engine.lora_names import Names

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")


@pytest.fixture(scope="module")
def sdxl():
    return tiny_sdxl()


def names_of(pipeline):
    parts = ("unet", "transformer", "text_encoder", "text_encoder_2")
    found = {part: getattr(pipeline, part, None) for part in parts}
    return Names({part: module for part, module in found.items() if module is not None})


def read(path, pipeline):
    return read_adapter(path, names_of(pipeline)).layers


def attention_layer(name):
    return name.endswith(ATTENTION)


@pytest.mark.parametrize("layout", ["peft", "diffusers", "processor", "kohya"])
def test_a_file_says_the_same_in_every_spelling(sdxl, layout, tmp_path):
    """Layer by layer and bit by bit."""
    changes = random_changes(sdxl.unet, attention_layer)
    path = tmp_path / "a.safetensors"
    save_lora(path, spelled(changes, layout))

    layers = read(path, sdxl)

    assert layers.keys() == {("unet", name) for name in changes}
    for name, (down, up) in changes.items():
        assert torch.equal(layers["unet", name].down, down)
        assert torch.equal(layers["unet", name].up, up)


@pytest.mark.parametrize("layout", ["diffusers", "kohya"])
def test_alpha_over_rank_scales_a_layer(sdxl, layout, tmp_path):
    """Rank 4 and alpha 1 make a quarter."""
    changes = random_changes(sdxl.unet, attention_layer)
    path = tmp_path / "a.safetensors"
    save_lora(path, spelled(changes, layout, alpha=1))

    layers = read(path, sdxl)

    for name, (_, up) in changes.items():
        assert torch.allclose(layers["unet", name].up, up / 4)


def test_diffusers_own_metadata_tells_alpha(sdxl, tmp_path):
    """One for all layers, another for those that a pattern names, rooted where asked."""
    changes = random_changes(sdxl.unet, attention_layer)
    path = tmp_path / "a.safetensors"
    pattern = {"to_q": 2}
    tensors = spelled(changes, "peft")
    save_lora(path, tensors, {"unet.lora_alpha": 8, "unet.alpha_pattern": pattern})
    plain = read(path, sdxl)
    save_lora(path, tensors, {"unet.lora_alpha": 8, "unet.use_rslora": True})

    rooted = read(path, sdxl)

    for name, (_, up) in changes.items():
        assert torch.allclose(plain["unet", name].up, up * (2 if name[-1] != "q" else 0.5))
        assert torch.allclose(rooted["unet", name].up, up * 4)


SGM = [
    ("input_blocks_0_0", "conv_in"),
    ("time_embed_2", "time_embedding.linear_2"),
    ("label_emb_0_0", "add_embedding.linear_1"),
    ("input_blocks_1_0_in_layers_2", "down_blocks.0.resnets.0.conv1"),
    ("input_blocks_2_0_op", "down_blocks.0.downsamplers.0.conv"),
    ("input_blocks_3_0_emb_layers_1", "down_blocks.1.resnets.0.time_emb_proj"),
    ("input_blocks_3_1_proj_in", "down_blocks.1.attentions.0.proj_in"),
    (
        "input_blocks_3_1_transformer_blocks_0_attn1_to_out_0",
        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0",
    ),
    ("middle_block_0_out_layers_3", "mid_block.resnets.0.conv2"),
    (
        "middle_block_1_transformer_blocks_0_ff_net_0_proj",
        "mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj",
    ),
    ("middle_block_2_in_layers_2", "mid_block.resnets.1.conv1"),
    ("output_blocks_0_0_skip_connection", "up_blocks.0.resnets.0.conv_shortcut"),
    (
        "output_blocks_1_1_transformer_blocks_0_attn2_to_k",
        "up_blocks.0.attentions.1.transformer_blocks.0.attn2.to_k",
    ),
    ("output_blocks_1_2_conv", "up_blocks.0.upsamplers.0.conv"),
    ("output_blocks_3_0_in_layers_2", "up_blocks.1.resnets.1.conv1"),
    ("out_2", "conv_out"),
]


@pytest.mark.parametrize(("theirs", "ours"), [pytest.param(*pair, id=pair[0]) for pair in SGM])
def test_kohyas_sdxl_names_find_their_layers(sdxl, theirs, ours):
    """Stability's own block numbers: here one layer to a block, so each block takes two."""
    (target,) = names_of(sdxl).targets(f"lora_unet_{theirs}")

    assert (target.component, target.module) == ("unet", ours)


def test_a_three_part_convolution_is_multiplied_out(sdxl, tmp_path):
    """LyCORIS splits a 3x3 convolution into a 1x1, a 3x3 and a 1x1."""
    layer = sdxl.unet.conv_in
    down, mid, up = torch.randn(3, 4, 1, 1), torch.randn(5, 3, 3, 3), torch.randn(16, 5, 1, 1)
    path = tmp_path / "a.safetensors"
    tensors = {"lora_down": down, "lora_mid": mid, "lora_up": up}
    save_file({f"lora_unet_conv_in.{key}.weight": value for key, value in tensors.items()}, path)
    sample = torch.randn(1, 4, 8, 8)
    steps = torch.nn.functional.conv2d(sample, down)
    steps = torch.nn.functional.conv2d(steps, mid, padding=layer.padding)
    steps = torch.nn.functional.conv2d(steps, up)

    factors = read(path, sdxl)["unet", "conv_in"]

    at_once = torch.nn.functional.conv2d(sample, factors.down, padding=layer.padding)
    at_once = torch.nn.functional.conv2d(at_once, factors.up[:, :, None, None])
    assert torch.allclose(at_once, steps, atol=1e-4)


@pytest.mark.parametrize("prefix", ["lora_unet_", "diffusion_model."])
def test_fused_flux_layers_are_taken_apart(prefix, tmp_path):
    """One file layer is query, key, value and the feed-forward in diffusers' model."""
    flux = tiny_flux()
    down = torch.randn(4, 32)
    parts = [torch.randn(rows, 4) for rows in (32, 32, 32, 128)]
    name = "single_blocks_0_linear1" if prefix == "lora_unet_" else "single_blocks.0.linear1"
    final = "final_layer_adaLN_modulation_1"
    path = tmp_path / "a.safetensors"
    swapped = torch.randn(64, 4)
    tensors = {
        f"{prefix}{name}.lora_down.weight": down,
        f"{prefix}{name}.lora_up.weight": torch.cat(parts),
        f"{prefix}{final}.lora_down.weight": down.clone(),
        f"{prefix}{final}.lora_up.weight": swapped,
    }
    save_file(tensors, path)

    layers = read(path, flux)

    block = "single_transformer_blocks.0"
    modules = [f"{block}.attn.to_{each}" for each in "qkv"] + [f"{block}.proj_mlp"]
    for module, up in zip(modules, parts, strict=True):
        assert torch.equal(layers["transformer", module].up, up)
        assert torch.equal(layers["transformer", module].down, down)
    expected = torch.cat([swapped[32:], swapped[:32]])
    assert torch.equal(layers["transformer", "norm_out.linear"].up, expected)


def test_a_linear_layers_file_fits_a_1x1_convolution_and_the_other_way(sdxl, tmp_path):
    """Models of the same kind exist with either."""
    name = "down_blocks.1.attentions.0.proj_in"
    path = tmp_path / "a.safetensors"
    (down, up), *_ = random_changes(sdxl.unet, lambda each: each == name).values()
    stem = f"unet.{name}"
    as_convolution = {
        f"{stem}.lora_A.weight": down[:, :, None, None].contiguous(),
        f"{stem}.lora_B.weight": up[:, :, None, None].contiguous(),
    }
    save_file(as_convolution, path)

    factors = read(path, sdxl)["unet", name]

    assert torch.equal(factors.down, down)


def only_one_half(tensors):
    """Leave every up factor out."""
    return {key: value for key, value in tensors.items() if "lora_A" in key}


def another_arithmetic(tensors):
    """Add what DoRA adds."""
    key = next(iter(tensors)).split(".lora_")[0]
    return {**tensors, f"{key}.lora_magnitude_vector": torch.ones(4)}


def another_rank(tensors):
    """Let down and up disagree."""
    return {k: v[:3].contiguous() if "lora_A" in k else v for k, v in tensors.items()}


def no_number(tensors):
    """Put an infinity somewhere."""
    return {**tensors, next(iter(tensors)): next(iter(tensors.values())) / 0}


def whole_numbers(tensors):
    """Write integers."""
    return {key: value.int() for key, value in tensors.items()}


def nothing(_tensors):
    """Write an empty file."""
    return {}


def of_another_model(tensors):
    """Name layers that are not there."""
    return {key.replace("to_q", "to_w"): value for key, value in tensors.items()}


def of_another_width(tensors):
    """Bring factors for a wider model."""
    return {k: torch.cat([v, v], dim=-1) if "lora_A" in k else v for k, v in tensors.items()}


def of_more_outputs(tensors):
    """Bring more output rows than the layer has."""
    return {k: torch.cat([v, v]) if "lora_B" in k else v for k, v in tensors.items()}


def of_a_third_encoder(tensors):
    """Change a text encoder that this model does not have."""
    return {key.replace("unet.", "text_encoder_3."): value for key, value in tensors.items()}


def twice(tensors):
    """Say one layer in two spellings."""
    return tensors | {k.replace("unet.", "diffusion_model."): v + 1 for k, v in tensors.items()}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (only_one_half, "lora_unreadable"),
        (another_arithmetic, "lora_unreadable"),
        (another_rank, "lora_unreadable"),
        (no_number, "lora_unreadable"),
        (whole_numbers, "lora_unreadable"),
        (nothing, "lora_unreadable"),
        (of_another_model, "lora_does_not_fit"),
        (of_another_width, "lora_does_not_fit"),
        (of_more_outputs, "lora_does_not_fit"),
        (of_a_third_encoder, "lora_does_not_fit"),
        (twice, "lora_does_not_fit"),
    ],
)
def test_a_foreign_file_is_refused_whole(sdxl, spoil, code, tmp_path):
    """Never half a LoRA."""
    path = tmp_path / "night.safetensors"
    save_file(spoil(spelled(random_changes(sdxl.unet, attention_layer), "peft")), path)

    with pytest.raises(UserError) as refused:
        read(path, sdxl)

    assert (refused.value.code, refused.value.facts) == (code, {"value": "night"})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="missing"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\x80\x04.not safetensors, a pickle", id="pickle"),
        pytest.param(b"\xff" * 64, id="a header of absurd length"),
    ],
)
def test_what_is_no_safetensors_file_is_refused(sdxl, content, tmp_path):
    """Nothing is unpickled."""
    path = tmp_path / "a.safetensors"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UserError) as refused:
        read(path, sdxl)

    assert refused.value.code == "lora_unreadable"


def test_a_flux_file_does_not_fit_sdxl(sdxl, tmp_path):
    """Layers of a transformer are not a UNet's."""
    flux = tiny_flux()
    path = tmp_path / "a.safetensors"
    changes = random_changes(flux.transformer, attention_layer)
    save_lora(path, spelled(changes, "peft", "transformer"))

    with pytest.raises(UserError) as refused:
        read(path, sdxl)

    assert refused.value.code == "lora_does_not_fit"
