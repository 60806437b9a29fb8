"""What a rank keeps of blocks whose channels are split, against PyTorch's own with a fake process group."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
parallel = pytest.importorskip("torch.distributed.tensor.parallel")
pytest.importorskip("torch.testing._internal.distributed.fake_pg")

from sympy import Integer  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from archgraph.cost.memory.memory import Memory  # noqa: E402
from archgraph.cost.memory.setting import Setting  # noqa: E402
from archgraph.cost.parallel.interleaving import in_flight, moments_1f1b  # noqa: E402
from archgraph.cost.parallel.ranks import ranks  # noqa: E402

D, F, HEADS, N, L, V, BATCH = 48, 80, 4, 12, 3, 40, 2
TEXT = f"""
archgraph: 1
name: blocks
symbols: {{D: {{default: {D}, multiple_of: heads}}, L: {L}, F: {F}, heads: {HEADS}, N: {N}, V: {V}}}
inputs: {{ids: {{n: N, dtype: int}}}}
network:
  - embedding: {{count: V, out: D}}
  - block: {{heads: heads, hidden: F}}
    repeat: L
    as: blocks
blocks:
  block:
    args: {{heads: , hidden: }}
    do:
      - residual:
          - rms_norm
          - apart: {{heads: heads}}
      - residual:
          - rms_norm
          - linear: {{out: hidden, bias: false}}
          - silu
          - linear: {{out: x.c, bias: false}}
  apart:
    args: {{heads: }}
    do:
      - linear: {{out: x.c, bias: false}}
        as: q
      - linear: {{out: x.c, bias: false}}
        from: x
        as: k
      - linear: {{out: x.c, bias: false}}
        from: x
        as: v
      - scaled_dot_product_attention: {{heads: heads}}
        from: [q, k, v]
      - linear: {{out: x.c, bias: false}}
"""
COLUMNS, ROWS = ("attention.q", "attention.k", "attention.v", "mlp.up"), ("attention.proj", "mlp.down")


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.proj = (nn.Linear(D, D, bias=False) for _ in range(4))

    def forward(self, x):
        heads = lambda z: z.unflatten(-1, (-1, D // HEADS)).transpose(1, 2)  # noqa: E731
        mixed = functional.scaled_dot_product_attention(heads(self.q(x)), heads(self.k(x)), heads(self.v(x)))
        return self.proj(mixed.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(D, F, bias=False), nn.Linear(F, D, bias=False)

    def forward(self, x):
        return self.down(functional.silu(self.up(x)))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.RMSNorm(D), nn.RMSNorm(D)
        self.attention, self.mlp = Attention(), Mlp()

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Embedding(V, D)
        self.blocks = nn.ModuleList(Block() for _ in range(L))

    def forward(self, ids):
        x = self.first(ids)
        for block in self.blocks:
            x = block(x)
        return x


def own(tensor):
    """The part of a tensor that this rank has."""
    tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    tensor = getattr(tensor, "elem", tensor)  # what is on its way from other ranks
    return tensor.untyped_storage()


@pytest.fixture
def group(request):
    """A process group of one process that takes itself for the first of many."""
    from torch.distributed import destroy_process_group, init_process_group
    from torch.testing._internal.distributed.fake_pg import FakeStore

    init_process_group("fake", rank=0, world_size=request.param, store=FakeStore())
    yield request.param
    destroy_process_group()


def split(net, group, *, sequence):
    """Split the channels, and where asked the sequence, by PyTorch's own means."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import Replicate, Shard
    from torch.distributed.tensor.parallel import (
        ColwiseParallel,
        PrepareModuleInput,
        RowwiseParallel,
        SequenceParallel,
        parallelize_module,
    )

    part = Shard(1) if sequence else Replicate()
    plan = {"first": RowwiseParallel(input_layouts=Replicate(), output_layouts=part)}
    for index in range(L):
        plan |= {f"blocks.{index}.{name}": ColwiseParallel() for name in COLUMNS}
        plan |= {f"blocks.{index}.{name}": RowwiseParallel(output_layouts=part) for name in ROWS}
        for norm in ("norm1", "norm2") if sequence else ():
            plan[f"blocks.{index}.{norm}"] = SequenceParallel(use_local_output=True)
        for inner in ("attention", "mlp") if sequence else ():
            given = PrepareModuleInput(input_layouts=(part,), desired_input_layouts=(Replicate(),))
            plan[f"blocks.{index}.{inner}"] = given
    return parallelize_module(net, init_device_mesh("cpu", (group,)), plan)


def kept_by(run, weights) -> int:
    """The bytes of floating values that autograd keeps of a run, beside weights."""
    kept = {}

    def pack(tensor):
        # Indices are kept as they came in, or as the rank's own: whole numbers of one size, left out on both sides.
        if tensor.is_floating_point() and (storage := own(tensor)).data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = run()
    del result
    return sum(kept.values())


def test_kept_values_of_stages():
    """The first stage looks up its tokens; what another one takes in needs a gradient."""
    net, g = Net(), ag.loads(TEXT).network
    weights = {own(parameter).data_ptr() for parameter in net.parameters()}
    x = torch.zeros(BATCH, N, D, requires_grad=True)
    first = kept_by(lambda: net.blocks[1](net.blocks[0](net.first(torch.zeros(BATCH, N, dtype=torch.long)))), weights)
    last = kept_by(lambda: net.blocks[2](x), weights)
    run = ag.Training(pp=2, gpus=2, accumulate=2, batch=BATCH, attention="flash")
    setting = Setting("training", "flash", samples=Integer(BATCH))
    found = [
        g.evaluate(Memory(rank.graph, rank.graph.outputs, setting, g.evaluate, rank.received).saved)
        for rank in ranks(g, run)
    ]
    assert found == [first + 8 * BATCH * N, last]


@pytest.mark.parametrize("sequence", [False, True])
@pytest.mark.parametrize("group", [2, 4], indirect=True)
@pytest.mark.filterwarnings("ignore")
def test_weights_and_kept_values_of_a_rank(group, sequence):
    net = split(Net(), group, sequence=sequence)
    weights = {storage.data_ptr(): storage.nbytes() for storage in map(own, net.parameters())}
    kept = kept_by(lambda: net(torch.zeros(BATCH, N, dtype=torch.long)), weights)
    run = ag.Training(tp=group, gpus=group, batch=BATCH, attention="flash", peak="saved", sequence=sequence)
    found = ag.loads(TEXT).training_memory(run)
    assert found.by_kind["weights"] == sum(weights.values())
    assert found.by_kind["kept by autograd"] - 8 * BATCH * N == kept
    assert found.kinds_of_number["kept by autograd"] == "exact"


class GroupedBlock(nn.Module):
    """A block of a Llama without rotary positions, whose kernel is handed fewer heads of keys and values."""

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.RMSNorm(64), nn.RMSNorm(64)
        self.q, self.proj = nn.Linear(64, 64, bias=False), nn.Linear(64, 64, bias=False)
        self.k, self.v = nn.Linear(64, 32, bias=False), nn.Linear(64, 32, bias=False)
        self.gate, self.up = nn.Linear(64, 96, bias=False), nn.Linear(64, 96, bias=False)
        self.down = nn.Linear(96, 64, bias=False)

    def forward(self, x):
        y = self.norm1(x)
        q, k, v = (each(y).unflatten(-1, (-1, 8)).transpose(1, 2) for each in (self.q, self.k, self.v))
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        x = x + self.proj(mixed.transpose(1, 2).flatten(2))
        y = self.norm2(x)
        return x + self.down(functional.silu(self.gate(y)) * self.up(y))


@pytest.mark.parametrize(
    ("world", "sequence", "matrices", "kept"),
    [(1, False, 245760, 248320), (4, False, 61440, 136192), (4, True, 61440, 86656)],
)
def test_grouped_keys_are_kept_as_they_are(world, sequence, matrices, kept):
    """Measured with `parallelize_module`, fused attention and a fake group: 2 samples of 16 tokens, two blocks."""
    net = nn.Sequential(nn.Embedding(5, 64), GroupedBlock(), GroupedBlock())
    run = ag.Training(batch=2, attention="flash", peak="saved", loss="none", tp=world, gpus=world, sequence=sequence)
    found = ag.trace(net, [torch.zeros(1, 16, dtype=torch.long)]).training_memory(run)
    table, indices = 4 * 64 * -(-5 // world), 2 * 16 * 8
    assert found.by_kind["weights"] == matrices + 1024 + table
    assert found.by_kind["kept by autograd"] == kept + indices


@pytest.mark.parametrize("group", [3, 4], indirect=True)
@pytest.mark.parametrize("micro_batches", [4, 8])
def test_micro_batches_that_wait(group, micro_batches):
    """Counted along the order in which PyTorch's schedule runs them."""
    from torch.distributed.pipelining.schedules import Schedule1F1B
    from torch.distributed.pipelining.stage import PipelineStage

    stage = PipelineStage(nn.Linear(2, 2), 0, group, torch.device("cpu"))
    order = Schedule1F1B(stage, micro_batches, loss_fn=nn.MSELoss())._get_pipeline_order()
    for rank, actions in order.items():
        held, most = 0, 0
        for action in filter(None, actions):
            held += {"F": 1, "B": -1}.get(action.computation_type.value, 0)
            most = max(most, held)
        assert in_flight(rank, group, micro_batches) == most


@pytest.mark.parametrize(
    ("group", "micro_batches", "parts"), [(2, 4, 2), (4, 8, 2), (4, 8, 3), (3, 3, 2)], indirect=["group"]
)
def test_parts_that_wait_on_every_rank(group, micro_batches, parts):
    """Every moment of PyTorch's interleaved order is no worse than one of ours, which are among them."""
    from torch.distributed.pipelining.schedules import ScheduleInterleaved1F1B
    from torch.distributed.pipelining.stage import PipelineStage

    own = [PipelineStage(nn.Linear(2, 2), i * group, group * parts, torch.device("cpu")) for i in range(parts)]
    order = ScheduleInterleaved1F1B(own, micro_batches, loss_fn=nn.MSELoss()).pipeline_order
    for rank, actions in order.items():
        held, seen = [0] * parts, set()
        for action in filter(None, actions):
            part = action.stage_index // group
            held[part] += action.computation_type.value == "F"
            seen.add((part, tuple(held)))
            held[part] -= action.computation_type.value == "B"
        found = {(each.running, each.held) for each in moments_1f1b(rank, group, micro_batches, parts)}
        assert found <= seen
        assert all(any(_covers(one, other) for one in found) for other in seen)
        assert in_flight(rank, group, micro_batches, parts) == max(sum(counts) for _, counts in seen)


def _covers(one, other) -> bool:
    return one[0] == other[0] and all(more >= less for more, less in zip(one[1], other[1], strict=True))


def test_kept_values_of_interleaved_stages():
    """Of four blocks the first rank has the embedding and the first and third; two micro-batches of both wait."""
    net, g = Net(), ag.loads(TEXT).at(L=4)
    weights = {own(parameter).data_ptr() for parameter in net.parameters()}
    first = kept_by(lambda: net.blocks[0](net.first(torch.zeros(BATCH, N, dtype=torch.long))), weights)
    inner = kept_by(lambda: net.blocks[1](torch.zeros(BATCH, N, D, requires_grad=True)), weights)
    run = ag.Training(pp=2, virtual=2, gpus=2, accumulate=2, batch=BATCH, attention="flash", peak="saved", loss="none")
    found = g.training_memory(run)
    assert "stage 1 of 2, with 2 blocks in 2 parts" in found.rank[0]
    assert found.by_kind["kept by autograd"] == 2 * (first + 8 * BATCH * N) + 2 * inner


@pytest.mark.parametrize(("group", "shared"), [(4, 2), (8, 4), (6, 2)], indirect=["group"])
def test_rows_of_experts_beside_rows_of_all_else(group, shared):
    """By `fully_shard`: the first rank's experts among those that have them too, everything else among all."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    sizes = {"D": 24, "L": 2, "F": 28, "heads": 4, "kv_heads": 2, "V": 64, "N": 8, "E": 8, "k": 2}
    g = ag.load("mixtral").bound(**sizes)
    module = g.to_torch(device="meta")
    mesh = init_device_mesh("cpu", (group // shared, shared), mesh_dim_names=("same", "ep"))
    for mixture in [each for each in module.modules() if type(each).__name__ == "Mixture"]:
        del mixture[len(mixture) // shared :]
        for expert in mixture:
            fully_shard(expert, mesh=mesh["same"])
    fully_shard(module, mesh=mesh._flatten("all"))
    parts = [weight.to_local() for weight in module.parameters()]
    needed = g.training_memory(zero=3, gpus=group, ep=shared, peak="saved").by_kind
    assert needed["weights"] == sum(part.untyped_storage().nbytes() for part in parts)
    assert needed["weight gradients"] == sum(part.numel() * part.element_size() for part in parts)
