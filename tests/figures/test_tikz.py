"""The TikZ form: escaped, complete, and where LaTeX is installed a page of the figure's size."""

import re
import shutil
import subprocess

import pytest

import archgraph as ag
from archgraph.figures.write.tikz import escaped

LATEX = shutil.which("pdflatex")
NAME = '\\input{/etc/passwd} $x^2$ & 50 % of #1_~{} "模型" \u202eדגם'


def test_nothing_in_a_name_is_a_command():
    shown = escaped(NAME)
    assert "\\input" not in shown and "\\textbackslash{}input\\{" in shown
    assert not re.search(r"(?<!\\)[&%#_]", shown) and shown.count("$") == shown.count("\\$")


def test_every_text_is_there():
    figure = ag.load("unet").draw()
    nodes = re.findall(r"\\node\[.*?\] at \(.*?\) \{(.*)\};", figure.tikz)
    assert len(nodes) == sum(len(text.runs) for text in figure.diagram.texts())
    assert figure.tikz.startswith("\\documentclass")


@pytest.mark.slow
@pytest.mark.skipif(LATEX is None, reason="needs pdflatex")
@pytest.mark.parametrize("name", ["unet", "dit", "sd", "flux", "contrast", "strange"])
def test_latex_takes_it(tmp_path, name):
    if name == "contrast":
        figure = ag.contrast(ag.load("unet"), ag.load("dit"))
    elif name == "strange":
        text = f"archgraph: 1\nname: '{NAME}'\ninputs: {{x: {{c: 3, n: 16}}}}\n"
        figure = ag.loads(f"{text}network: [{{linear: {{out: 4}}, as: a_b}}]\n").draw()
    else:
        figure = ag.load(name).draw()
    figure.save(tmp_path / "x.tex")
    command = [str(LATEX), "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "x.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Output written on x.pdf (1 page" in done.stdout.replace("\n", "")
