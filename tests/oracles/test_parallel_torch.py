"""What a rank keeps of blocks whose channels are split, against PyTorch's own with a fake process group."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
parallel = pytest.importorskip("torch.distributed.tensor.parallel")
pytest.importorskip("torch.testing._internal.distributed.fake_pg")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from archgraph.cost.parallel.pipeline import in_flight  # noqa: E402

D, F, HEADS, N, L, BATCH = 48, 80, 4, 12, 3, 2
TEXT = f"""
archgraph: 1
name: blocks
symbols: {{D: {{default: {D}, multiple_of: heads}}, L: {L}, F: {F}, heads: {HEADS}, N: {N}}}
inputs: {{x: {{n: N, c: D}}}}
network:
  - linear: {{out: D, bias: false}}
    as: first
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
COLUMNS, ROWS = ("q", "k", "v", "up"), ("proj", "down")


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.RMSNorm(D), nn.RMSNorm(D)
        self.q, self.k, self.v, self.proj = (nn.Linear(D, D, bias=False) for _ in range(4))
        self.up, self.down = nn.Linear(D, F, bias=False), nn.Linear(F, D, bias=False)

    def forward(self, x):
        y = self.norm1(x)
        heads = lambda z: z.unflatten(-1, (-1, D // HEADS)).transpose(1, 2)  # noqa: E731
        mixed = functional.scaled_dot_product_attention(heads(self.q(y)), heads(self.k(y)), heads(self.v(y)))
        x = x + self.proj(mixed.transpose(1, 2).flatten(2))
        return x + self.down(functional.silu(self.up(self.norm2(x))))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(D, D, bias=False)
        self.blocks = nn.ModuleList(Block() for _ in range(L))

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return x


def own(tensor):
    """The part of a tensor that this rank has."""
    tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return tensor.untyped_storage()


@pytest.fixture
def group(request):
    """A process group of one process that takes itself for the first of many."""
    from torch.distributed import destroy_process_group, init_process_group
    from torch.testing._internal.distributed.fake_pg import FakeStore

    init_process_group("fake", rank=0, world_size=request.param, store=FakeStore())
    yield request.param
    destroy_process_group()


@pytest.mark.parametrize("group", [2, 4], indirect=True)
@pytest.mark.filterwarnings("ignore")
def test_weights_and_kept_values_of_a_rank(group):
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    net = Net()
    plan = {f"blocks.{i}.{name}": ColwiseParallel() for i in range(L) for name in COLUMNS}
    plan |= {f"blocks.{i}.{name}": RowwiseParallel() for i in range(L) for name in ROWS}
    parallelize_module(net, init_device_mesh("cpu", (group,)), plan)
    weights = {storage.data_ptr(): storage.nbytes() for storage in map(own, net.parameters())}
    kept = {}

    def pack(tensor):
        storage = own(tensor)
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = net(torch.zeros(BATCH, N, D))
    assert result.shape == (BATCH, N, D)

    found = ag.loads(TEXT).training_memory(tp=group, gpus=group, batch=BATCH, attention="flash", peak="saved")
    assert found.by_kind["weights"] == sum(weights.values())
    assert found.by_kind["kept by autograd"] == sum(kept.values())
    assert found.kinds_of_number["kept by autograd"] == "exact"


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
