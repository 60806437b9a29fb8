"""Uses of every command that show all of its options: the CLI reference runs them in this order, in one folder."""

from __future__ import annotations

FILES = {
    "tiny.yaml": """\
archgraph: 1
name: Tiny
symbols:
  C: {default: 16, doc: channels}
  H: {default: 32, multiple_of: 2, doc: side of the image}
inputs:
  image: {c: 3, h: H, w: H}
network:
  - conv: {out: C, kernel: 3, padding: same}
    as: stem
  - max_pool: {kernel: 2}
  - conv: {out: 2 * C, kernel: 3, padding: same}
    as: body
  - conv: {out: 10, kernel: 1}
    as: logits
""",
    "nets.py": """\
from torch import nn


def build(width=16):
    return nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, 10, 1))


class Decoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.embed, self.joint = nn.Embedding(100, width), nn.Linear(width, 3 * width)
        self.head = nn.Linear(width, 100)

    def forward(self, ids):
        q, k, v = self.joint(self.embed(ids)).unsqueeze(1).chunk(3, -1)
        seen = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.head(seen.squeeze(1))


def decoder(width=16):
    return Decoder(width)
""",
    "table.csv": """\
model,Params (M),GFLOPs
vgg,138,15.5
convnext,28.6,4.5
dit:S/2,33,12.1
unet:padded-512,31,218
""",
    "tiny.csv": "model,params,MACs\ntiny.yaml,5418,6.82M\n",
    "published.yaml": """\
- name: ViT
  layers: attention
  input: pixels
  sizes: {B/16: {params: 86567656, macs: 17.6e9}}
""",
}
"""What lies in the folder: a spec, and a module with a function that builds a network."""
MODEL = "--shape input=1x3x64x64 --dynamic input:2=h,3=w --set width=32 --fields width --allow-unsupported"
"""How a network of one's own is called and built."""

USES: dict[str, tuple[tuple[str, str], ...]] = {
    "list": (
        ("The shipped specs, as a table.", "list"),
        ("For a program, or for a page.", "list --format csv"),
        ("", "list --json"),
    ),
    "check": (
        ("Check the numbers that a spec expects against its laws.", "check dit"),
        ("As a table in Markdown, or for a program.", "check unet vit --format markdown"),
        ("", "check vgg --json"),
    ),
    "cost": (
        ("Laws, and values at a point.", "cost dit --by op --at D=768 L=12 heads=12"),
        ("Some metrics, as laws in a table for LaTeX.", "cost tiny.yaml --metrics params,macs --laws --format latex"),
        ("What another tool prints, and why.", "cost sd --as thop"),
        ("The same, for code that calls some operations as functions.", "cost vit --as fvcore --functional gelu"),
        ("Your own network, with a keyword of its builder.", f"cost nets:build {MODEL}"),
        ("For a program.", "cost tiny.yaml --json"),
    ),
    "audit": (
        ("What each number counts. If nothing explains a number, the command exits with status 1.", "audit table.csv"),
        ("At other sizes, for a program.", "audit tiny.csv --at H=64 --format csv"),
        ("", "audit tiny.csv --at H=64 --json"),
    ),
    "memory": (
        ("The peak in both modes.", "memory dit:S/2"),
        (
            "Training with a different kernel, precision and optimiser, and with checkpoints.",
            "memory dit:S/2 --mode training --attention flash --dtype bf16 --optimizer adam --checkpoint",
        ),
        ("At other sizes, as a table for a page.", "memory tiny.yaml --at H=64 --format markdown"),
        ("Your own network.", f"memory nets:build {MODEL} --json"),
    ),
    "fit": (
        ("Does it fit?", "fit dit --device h100 --batch 32 --dtype bf16-mixed --attention flash --checkpoint block"),
        (
            "A run on 16 GPUs: channels split over pairs, weights sharded over the rest.",
            "fit dit --device a100 --gpus 16 --tp 2 --sequence --zero 3 --batch 4 --optimizer adam --kernel fused",
        ),
        (
            "A two-stage pipeline, with averaged weights.",
            "fit vit --device t4 --gpus 4 --pp 2 --virtual 2 --accumulate 8 --loss cross_entropy --ema --peak saved",
        ),
        (
            "Experts spread over eight ranks.",
            "fit mixtral --device h200 --gpus 8 --ep 8 --zero 1 --dtype bf16-mixed --checkpoint block --format csv",
        ),
        (
            "Logits and their loss computed in chunks.",
            "fit llama:3-8b --device h200 --at N=2048 --checkpoint block --dtype bf16 --loss chunked --chunks 16",
        ),
        (
            "The widest network that fits in a given memory.",
            "fit dit:S/2 --memory 24GB --reserve 1GB --largest D --multiple-of 64 --with heads=D/64 --batch 32",
        ),
        (
            "The largest for each batch, side by side.",
            "fit unet dit --memory 80GB --largest C --largest D%72,heads=D/72 --over batch=8,32 peak=saved,live",
        ),
        (
            "What fits, plotted against the batch size.",
            "fit dit:S/2 vit --memory 24GB --largest D%64,heads=D/64 --over batch=8,32,128 --language en --width text "
            "--venue neurips --theme paper --background white --fonts embed -o fits.svg",
        ),
        (
            "As a PNG, which needs `pip install typst`.",
            "fit dit:S/2 --memory 24GB --largest D%64,heads=D/64 --over batch=8,32 --dpi 150 -o fits.png",
        ),
        (
            "The Pareto frontier of a family.",
            "fit dit:S/2 --memory 24GB --batch 32 --frontier D=384..1152:384 L=12,24 --with heads=D/64 "
            "--large params --small memory macs=1e12",
        ),
        ("At other sizes.", "fit tiny.yaml --memory 1GB --at H=64 --json"),
        ("Your own network.", f"fit nets:build --memory 1GB {MODEL} --format csv"),
    ),
    "growth": (
        ("What each step of growth costs.", "growth unet dit --along 'C=96|128' --along 'L=32|56'"),
        (
            "As a figure, with published networks for comparison, in another language.",
            "growth vit dit --along 'D=384|768,heads=D/64' --along 'L=28|56' --published published.yaml --language zh "
            "--width text --venue neurips --theme paper --background white --fonts embed -o growth.svg",
        ),
        ("As a PNG, which needs `pip install typst`.", "growth unet --along 'C=96|128' --dpi 150 -o growth.png"),
        ("At other sizes, as a table for a page.", "growth tiny.yaml --along 'C=16|32' --at H=64 --format markdown"),
        ("For a program.", "growth tiny.yaml --along 'C=16|32' --json"),
        ("Your own network.", f"growth nets:build --along 'width=16|32' {MODEL}"),
    ),
    "serve": (
        ("What serving costs.", "serve llama:3-8b --device h100 --past 8192 --dtype int4-g128 --cache fp8 --batch 16"),
        ("The most sequences that fit.", "serve llama:3-8b --memory 80GB --past 8192 --reserve 2GB --largest B"),
        (
            "A paged cache, and the logits of a whole prompt.",
            "serve gpt2 --device a100 --page 16 --paged unified --logits all",
        ),
        (
            "Full keys and values, at other sizes, for a program.",
            "serve gpt2 --device a100 --expanded --at L=6 --json",
        ),
        ("As a table for a page.", "serve gpt2 --device a100 --format markdown"),
        (
            "Your own network.",
            "serve nets:decoder --shape ids=1x8:int --dynamic ids:1=n --set width=32 --fields width --at width=64 "
            "--allow-unsupported",
        ),
    ),
    "efficiency": (
        ("MACs per parameter, stage by stage.", "efficiency adm --by stage"),
        ("In half precision, at other sizes.", "efficiency tiny.yaml --dtype fp16 --at H=64 --format csv"),
        ("Your own network.", f"efficiency nets:build {MODEL} --json"),
    ),
    "roofline": (
        ("What limits each operation.", "roofline dit a100 --dtype bf16 --batch 32 --by op"),
        (
            "With attention scores moved to and from memory.",
            "roofline vit t4 --dtype fp16 --attention math --at L=6 --format markdown",
        ),
        ("Your own network.", f"roofline nets:build a100 {MODEL} --json"),
    ),
    "rf": (
        ("The receptive field of every step.", "rf tiny.yaml"),
        ("Every node, with laws and the effective field.", "rf tiny.yaml --all"),
        ("", "rf tiny.yaml --laws --effective"),
        ("What one output reads, as a set.", "rf unet:padded-512 --node logits --probe 0,0"),
        ("The margin that tiles need.", "rf unet:padded-512 --halo"),
        ("Layers that see nothing new.", "rf vgg --productive --axis h"),
        ("How far convolution reaches by itself.", "rf sd --input latent --fixed-weights --format csv"),
        ("At other sizes, for a program.", "rf tiny.yaml --at H=64 --json"),
        ("Your own network.", f"rf nets:build {MODEL}"),
    ),
    "hops": (
        ("How many hops connect distant positions.", "hops unet:padded-512 --distance 8 32 64 90"),
        ("One path.", "hops tiny.yaml --from 9 --to 5 --axis h --input image --node logits"),
        ("At other sizes.", "hops tiny.yaml --at H=64 --format csv"),
        ("Your own network.", f"hops nets:build {MODEL} --json"),
    ),
    "solve": (
        ("The widest within a budget, per depth.", 'solve dit D --macs "<=1e12" --multiple-of 64 --over L=12..36:8'),
        ("Other budgets.", 'solve tiny.yaml C --params "<=1e6" --flops "<=1e9" --activations "<=1e6"'),
        (
            "Bytes that training keeps, within a range.",
            'solve tiny.yaml C --saved-bytes "<=10e6" --within 1..64 --at H=64',
        ),
        ("For a program; --over gives a table.", 'solve tiny.yaml C --params "<=1e6" --over H=32,64 --format csv'),
        ("", 'solve tiny.yaml C --params "<=1e6" --json'),
        ("Your own network: the side of its image.", f'solve nets:build h --macs "<=1e9" {MODEL}'),
    ),
    "scale": (
        ("What single changes do.", "scale dit:B/2 D=x2 D=xsqrt2 L=x2 S=x2 p=/2 D=x2,heads=x2"),
        ("From another point, as a table for a page.", "scale tiny.yaml C=x2 H=x2 --at C=8 --format markdown"),
        ("Your own network.", f"scale nets:build h=x2 {MODEL} --json"),
    ),
    "sweep": (
        ("A grid of two symbols.", "sweep dit D=768..1152:192 L=12,28 --metrics params,macs,saved_bytes --at heads=6"),
        (
            "Only the Pareto frontier.",
            "sweep tiny.yaml C=8..32:8 H=32,64 --pareto macs --larger params --format csv",
        ),
        ("To a file.", "sweep tiny.yaml C=8..32:8 -o tiny.csv"),
        ("Your own network.", f"sweep nets:build h=32,64 {MODEL} --json"),
    ),
    "draw": (
        ("The figure of a spec.", "draw tiny.yaml -o tiny.svg"),
        (
            "Another view, size and colouring.",
            "draw dit --view levels --color macs --width 5in --venue neurips -o levels.svg",
        ),
        (
            "Whole laws, or numbers, for some facts.",
            "draw conv_stack --terms full --show shape,params --at L=4 -o laws.svg",
        ),
        ("", "draw conv_stack --values --theme dark --background transparent --fonts outlines -o dark.svg"),
        ("For LaTeX; as a page with sliders; as a PNG, which needs `pip install typst`.", "draw tiny.yaml -o tiny.tex"),
        ("", "draw tiny.yaml -o tiny.html"),
        ("", "draw tiny.yaml -o tiny.png --dpi 150"),
        (
            "From left to right, with a heading, other colours and your own names.",
            "draw conv_stack --direction right --height 3in --palette ember --title 'Twelve layers' --no-legend "
            "--label layers='The stack' --node-style layers:fill=#fff4d6,width=1.5 -o right.svg",
        ),
        ("The inside of a block, without one of its parts.", "draw dit --focus blocks --hide blocks.mlp -o inside.svg"),
        ("Feature maps in true proportion.", "draw conv_stack --style perspective -o maps.svg"),
        ("With two levels of blocks opened.", "draw vit --depth 2 -o deep.svg"),
        ("Your own network.", f"draw nets:build {MODEL} -o own.svg"),
        (
            "Redrawn whenever you save the spec, until Ctrl-C; a mistake is reported and does not end it.",
            "draw tiny.yaml --watch -o tiny.tex",
        ),
    ),
    "contrast": (
        ("What sets two networks apart, as a table.", "contrast unet:padded-512 dit"),
        (
            "As a figure.",
            "contrast conv_stack vit --panels stages,laws --width 4.5in -o contrast.svg",
        ),
        (
            "For slides.",
            "contrast conv_stack vit --panels stages --venue icml --theme slides --background white "
            "--fonts embed -o slides.svg",
        ),
        (
            "As a PNG, which needs `pip install typst`.",
            "contrast conv_stack vit --panels stages --dpi 150 -o slides.png",
        ),
        ("Stages as feature maps.", "contrast conv_stack vit --panels stages --style maps -o stages-as-maps.svg"),
        (
            "With a heading and your own names, and nothing superfluous.",
            "contrast gpt2 vit --panels stages --title 'Two transformers' --palette viridis --height 6in "
            "--label blocks='Block' --hide blocks.mlp --no-legend -o both.svg",
        ),
        ("For a page, or a program.", "contrast conv_stack vit --format markdown"),
        ("", "contrast conv_stack vit --json"),
        ("Your own network.", f"contrast nets:build tiny.yaml {MODEL}"),
    ),
    "diff": (
        ("Two variants, by operation.", "diff dit:S/2 dit:B/2 --by op"),
        (
            "With a limit, which this change breaks.",
            "diff conv_stack tiny.yaml --limit params=+5% --format markdown",
        ),
        ("At other sizes.", "diff dit:S/2 dit:S/8 --at L=2"),
        ("Your own network.", f"diff nets:build nets:build {MODEL}"),
    ),
    "trace": (
        ("Costs by module.", "trace nets:build --shape input=1x3x64x64 --dynamic input:2=h,3=w --by scope"),
        ("As a spec.", "trace nets:build --shape input=1x3x64x64 -o traced.yaml"),
        (
            "With names for the axes, and the batch dimension.",
            "trace nets:build --shape input=2x3x64x64 --axes input=c,y,x --batch-axis 0",
        ),
        ("At other sizes; operators without a rule are listed.",
         "trace nets:build --shape input=1x3x64x64 --dynamic input:2=h --allow-unsupported --at h=32 --format csv"),
        ("For a program.", "trace nets:build --shape input=1x3x64x64 --json"),
    ),
    "verify": (
        ("Check a spec against PyTorch.", "verify conv_stack"),
        ("Receptive fields too.", "verify tiny.yaml --rf --input image --at H=16"),
        ("Your own network.", f"verify nets:build {MODEL} --format csv"),
        ("For a program.", "verify conv_stack --json"),
    ),
    "ops": (
        ("What a step can be, by a word that its name or description has.", "ops pool"),
        ("All operations and standard blocks, for a program.", "ops --format csv"),
        ("", "ops resnet --json"),
    ),
    "schema": (("The JSON Schema of specs, for editors.", "schema"),),
    "show": (
        ("A spec with everything that it inherits.", "show tiny.yaml"),
        ("Your own network as a spec.", f"show nets:build {MODEL} --at h=32"),
    ),
    "new": (
        ("A spec to start from.", "new mynet.yaml"),
        ("A copy of a shipped one.", "new myvit.yaml --from vit"),
    ),
    "completion": (("The completion script, which your shell reads from a file.", "completion fish"),),
}  # fmt: skip
"""What each use shows, and its words; an empty text goes on with the one before."""
