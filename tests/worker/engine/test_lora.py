"""Rows of one batch follow their own LoRAs, as if each had the model to itself."""

import pytest
import torch

from core.errors import UserError
from tests.worker.engine.loras import merged, random_changes, save_lora, spelled
from tests.worker.engine.tiny_flux import tiny_flux
from tests.worker.engine.tiny_pipelines import tiny_sdxl
from tests.worker.engines import request_for
from worker.engine import batch
from worker.engine.families.choice import family_of
from worker.engine.lora import LoraBank
from worker.engine.messages import LoraUse, ModelSource

# diffusers' own way of reading a tensor into numpy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def unet_inputs(unet, count):
    """Random rows for a UNet, SDXL's second conditioning included."""
    torch.manual_seed(1)
    width = unet.config.cross_attention_dim
    inputs = {
        "sample": torch.randn(count, 4, 16, 16),
        "timestep": torch.linspace(900, 100, count),
        "encoder_hidden_states": torch.randn(count, 8, width),
    }
    if unet.config.addition_embed_type == "text_time":
        pooled = {"text_embeds": torch.randn(count, 32), "time_ids": torch.rand(count, 6) * 32}
        inputs["added_cond_kwargs"] = pooled
    return inputs


def flux_inputs(transformer, count):
    torch.manual_seed(1)
    return {
        "hidden_states": torch.randn(count, 16, 16),
        "timestep": torch.linspace(0.9, 0.1, count),
        "guidance": torch.full((count,), 3.5),
        "pooled_projections": torch.randn(count, 32),
        "encoder_hidden_states": torch.randn(count, 8, 32),
        "txt_ids": torch.zeros(8, 3),
        "img_ids": torch.rand(16, 3),
    }


def row_of(inputs, index):
    """Take one row of a batch's inputs; positions are the same for all."""

    def pick(name, value):
        if isinstance(value, dict):
            return {inner: pick(inner, each) for inner, each in value.items()}
        return value if name in {"txt_ids", "img_ids"} else value[index : index + 1]

    return {name: pick(name, value) for name, value in inputs.items()}


@torch.no_grad()
def forward(component, inputs):
    return component(**inputs, return_dict=False)[0]


ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")


@pytest.fixture(scope="module")
def families(shipped):
    return {
        "sd": (shipped.pipeline, "unet", unet_inputs),
        "sdxl": (tiny_sdxl(), "unet", unet_inputs),
        "flux": (tiny_flux(), "transformer", flux_inputs),
    }


def any_layer(_name):
    return True


def attention_layer(name):
    return name.endswith(ATTENTION)


@pytest.mark.parametrize("family", ["sd", "sdxl", "flux"])
@pytest.mark.parametrize("is_exact", [True, False])
def test_each_row_gets_its_own_loras_as_if_they_were_merged(families, family, is_exact, tmp_path):
    """Four rows, no LoRA to two of different rank and scale, linear and convolution: 1e-5."""
    pipeline, name, inputs_of = families[family]
    component = getattr(pipeline, name)
    wide = random_changes(component, any_layer, rank=2, seed=1)
    attention = random_changes(component, attention_layer, rank=5, seed=2)
    first = save_lora(tmp_path / "a.safetensors", spelled(wide, "peft", name))
    second = save_lora(tmp_path / "b.safetensors", spelled(attention, "peft", name))
    rows = [
        (),
        (LoraUse(path=first, scale=0.05),),
        (LoraUse(path=second, scale=-0.2),),
        (LoraUse(path=first, scale=0.02), LoraUse(path=second, scale=0.3)),
    ]
    truths = [
        component,
        merged(component, (wide, 0.05)),
        merged(component, (attention, -0.2)),
        merged(component, (wide, 0.02), (attention, 0.3)),
    ]
    inputs = inputs_of(component, 4)
    plain = forward(component, inputs)
    bank = LoraBank(pipeline)

    with bank.active(rows, is_exact=is_exact):
        got = forward(component, inputs)

    for row, truth in enumerate(truths):
        alone = forward(truth, row_of(inputs, row))[0]
        assert (got[row] - alone).abs().max() <= 1e-5, f"row {row}"
    assert (got[1:] - plain[1:]).abs().amax(dim=tuple(range(1, got.dim()))).min() > 1e-2
    assert torch.equal(forward(component, inputs), plain), "nothing stays behind"


def test_several_peoples_loras_share_the_steps_of_one_batch(families, tmp_path):
    """One picture without, two with LoRAs of their own: each as from a model with them merged."""
    pipeline = families["sdxl"][0]
    source = ModelSource(source="tiny")
    changes = [random_changes(pipeline.unet, attention_layer, seed=seed) for seed in (1, 2)]
    words = random_changes(pipeline.text_encoder_2, lambda name: name.endswith("fc1"), seed=3)
    tensors = [
        spelled(changes[0], "kohya"),
        spelled(changes[1], "kohya") | spelled(words, "kohya", "text_encoder_2"),
    ]
    uses = [
        LoraUse(path=save_lora(tmp_path / f"{index}.safetensors", each), scale=0.4)
        for index, each in enumerate(tensors)
    ]
    models = [tiny_sdxl() for _ in range(3)]
    for model, change in zip(models[1:], changes, strict=True):
        model.unet = merged(model.unet, (change, 0.4))
    models[2].text_encoder_2 = merged(models[2].text_encoder_2, (words, 0.4))
    plain = request_for("a cat", model=source, steps=3)
    requests = [plain, *(plain.model_copy(update={"loras": (use,)}) for use in uses)]
    family = family_of(pipeline, source, LoraBank(pipeline))

    drawings = [family.begin(request, 0) for request in requests]
    assert len({drawing.key for drawing in drawings}) == 1
    while not drawings[0].is_done:
        batch.step(family, drawings)

    for drawing, model in zip(drawings, models, strict=True):
        alone = family_of(model, source)
        expected = alone.begin(plain, 0)
        while not expected.is_done:
            batch.step(alone, [expected])
        assert (drawing.latents - expected.latents).abs().max() <= 1e-4 * expected.latents.std()
    assert (drawings[0].latents - drawings[1].latents).abs().max() > 1e-2


def test_a_rows_bits_do_not_depend_on_whose_loras_are_beside_it(families, tmp_path):
    """In a batch of one size, company of another rank changes nothing at all."""
    unet = families["sdxl"][0].unet
    mine = save_lora(tmp_path / "m.safetensors", spelled(random_changes(unet, any_layer), "peft"))
    others = random_changes(unet, any_layer, rank=11, seed=3)
    theirs = save_lora(tmp_path / "t.safetensors", spelled(others, "peft"))
    inputs = unet_inputs(unet, 4)
    bank = LoraBank(families["sdxl"][0])
    use, other = (LoraUse(path=mine, scale=0.1),), (LoraUse(path=theirs, scale=0.1),)

    with bank.active([use, use, (), ()]):
        quiet = forward(unet, inputs)
    with bank.active([use, other, other, use]):
        crowded = forward(unet, inputs)

    assert torch.equal(quiet[0], crowded[0])
    assert not torch.equal(quiet[1], crowded[1])


def test_a_batch_without_loras_carries_no_hook(families):
    """Whoever wants none pays nothing."""
    unet = families["sdxl"][0].unet

    with LoraBank(families["sdxl"][0]).active([(), ()]):
        hooked = [module for module in unet.modules() if module._forward_hooks]

    assert hooked == []


def test_a_picture_drawn_alone_has_its_loras_in_every_row(families, tmp_path):
    """A pipeline that runs whole may ask for guided and unguided rows as it likes."""
    pipeline = families["sdxl"][0]
    changes = random_changes(pipeline.unet, any_layer)
    path = save_lora(tmp_path / "a.safetensors", spelled(changes, "peft"))
    inputs = unet_inputs(pipeline.unet, 3)
    expected = forward(merged(pipeline.unet, (changes, 0.1)), inputs)

    with LoraBank(pipeline).uniform((LoraUse(path=path, scale=0.1),)):
        got = forward(pipeline.unet, inputs)

    assert (got - expected).abs().max() <= 1e-5


def test_a_batch_of_another_size_is_a_bug_and_says_so(families, tmp_path):
    """A row may never get its neighbour's LoRA by a mistake in counting."""
    unet = families["sdxl"][0].unet
    path = save_lora(tmp_path / "a.safetensors", spelled(random_changes(unet, any_layer), "peft"))
    bank = LoraBank(families["sdxl"][0])

    with (
        pytest.raises(ValueError, match="1 rows of LoRAs for a batch of 2"),
        bank.active([(LoraUse(path=path),)]),
    ):
        forward(unet, unet_inputs(unet, 2))


def test_a_prompt_is_encoded_with_the_text_encoders_loras(families, tmp_path):
    """Both of SDXL's encoders, and the denoiser is left out."""
    pipeline = families["sdxl"][0]
    first = random_changes(pipeline.text_encoder, any_layer, seed=1)
    second = random_changes(pipeline.text_encoder_2, any_layer, seed=2)
    unet = random_changes(pipeline.unet, attention_layer, seed=3)
    tensors = {
        **spelled(first, "kohya", "text_encoder"),
        **spelled(second, "kohya", "text_encoder_2"),
        **spelled(unet, "kohya"),
    }
    use = LoraUse(path=save_lora(tmp_path / "a.safetensors", tensors), scale=0.5)
    bank = LoraBank(pipeline)
    other = tiny_sdxl()
    other.text_encoder = merged(pipeline.text_encoder, (first, 0.5))
    other.text_encoder_2 = merged(pipeline.text_encoder_2, (second, 0.5))
    words = {"prompt": "a red apple", "device": "cpu", "do_classifier_free_guidance": False}
    plain = pipeline.encode_prompt(**words)

    with torch.no_grad(), bank.encoding((use,)):
        assert not any(module._forward_hooks for module in pipeline.unet.modules())
        got = pipeline.encode_prompt(**words)

    expected = other.encode_prompt(**words)
    for index in (0, 2):
        assert (got[index] - expected[index]).abs().max() <= 1e-5
        assert (got[index] - plain[index]).abs().max() > 1e-2


def test_edges_that_meet_also_meet_in_a_loras_convolutions(families, tmp_path):
    """With `--tile` a convolution wraps around, and so does what a LoRA adds to it."""
    unet = families["sdxl"][0].unet
    changes = random_changes(unet, lambda name: name == "conv_in")
    path = save_lora(tmp_path / "a.safetensors", spelled(changes, "peft"))
    truth = merged(unet, (changes, 0.1)).conv_in
    sample = torch.randn(2, 4, 16, 16)
    bank = LoraBank(families["sdxl"][0])
    rows = [(LoraUse(path=path, scale=0.1),)] * 2

    unet.conv_in.padding_mode = truth.padding_mode = "circular"
    try:
        for is_exact in (True, False):
            with torch.no_grad(), bank.active(rows, is_exact=is_exact):
                got = unet.conv_in(sample)
            assert (got - truth(sample)).abs().max() <= 1e-5
    finally:
        unet.conv_in.padding_mode = "zeros"


def test_compiled_blocks_follow_loras_too(tmp_path):
    """Compiled code looks for no new hooks: it steps aside while a LoRA is active."""
    pipeline = tiny_flux()
    transformer = pipeline.transformer
    changes = random_changes(transformer, attention_layer)
    use = LoraUse(
        path=save_lora(tmp_path / "a.safetensors", spelled(changes, "peft", "transformer"))
    )
    inputs = flux_inputs(transformer, 1)
    expected = forward(merged(transformer, (changes, 1.0)), inputs)
    plain = forward(transformer, inputs)
    bank = LoraBank(pipeline)
    transformer.compile_repeated_blocks(backend="eager")
    assert torch.allclose(forward(transformer, inputs), plain, atol=1e-5), "compiled"

    with bank.active([(use,)]):
        got = forward(transformer, inputs)

    assert (got - expected).abs().max() <= 1e-5
    assert torch.allclose(forward(transformer, inputs), plain, atol=1e-5), "and back"


@pytest.fixture
def three(families, tmp_path):
    unet = families["sdxl"][0].unet
    return [
        LoraUse(
            path=save_lora(
                tmp_path / f"{seed}.safetensors",
                spelled(random_changes(unet, attention_layer, seed=seed), "peft"),
            )
        )
        for seed in range(3)
    ]


def test_the_least_recently_used_lora_makes_room(families, three):
    """The bank stays within its bytes; a LoRA that was dropped under way comes back by itself."""
    pipeline = families["sdxl"][0]
    inputs = unet_inputs(pipeline.unet, 1)
    roomy = LoraBank(pipeline)
    roomy.load(three[:2])
    capacity = roomy.size_bytes + 4096
    bank = LoraBank(pipeline, capacity)
    with bank.active([(three[0],)]):
        before = forward(pipeline.unet, inputs)

    for use in three:
        bank.load([use])
        assert bank.size_bytes <= capacity
    with bank.active([(three[0],)]):
        after = forward(pipeline.unet, inputs)

    assert torch.equal(before, after)
    assert bank.size_bytes <= capacity


def test_a_changed_file_is_read_again(families, three):
    """A LoRA trained further takes effect with the next request."""
    pipeline = families["sdxl"][0]
    inputs = unet_inputs(pipeline.unet, 1)
    bank = LoraBank(pipeline)
    bank.load(three[:1])
    with bank.active([(three[0],)]):
        before = forward(pipeline.unet, inputs)

    changes = random_changes(pipeline.unet, attention_layer, rank=6, seed=9)
    save_lora(three[0].path, spelled(changes, "peft"))
    bank.load(three[:1])
    with bank.active([(three[0],)]):
        after = forward(pipeline.unet, inputs)

    assert not torch.equal(before, after)


def test_a_lora_larger_than_the_bank_is_refused(families, three):
    """Before a byte of it is read onto the device."""
    bank = LoraBank(families["sdxl"][0], capacity_bytes=1000)

    with pytest.raises(UserError) as refused:
        bank.load(three[:1])

    assert (refused.value.code, refused.value.facts) == ("lora_too_large", {"value": "0"})
    assert bank.size_bytes == 0
