"""The TikZ form: escaped, complete, and where LaTeX is installed a page of the figure's size."""

import re
import shutil
import subprocess

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.figures.write.tikz import escaped

LATEX = shutil.which("pdflatex")
NAME = '\\input{/etc/passwd} $x^2$ & 50 % of #1_~{} "模型" \u202eדגם'


def test_nothing_in_a_name_is_a_command():
    shown = escaped(NAME)
    assert "\\input" not in shown and "\\textbackslash{}input\\{" in shown
    assert not re.search(r"(?<!\\)[&%#_]", shown) and shown.count("$") == shown.count("\\$")


def test_every_text_is_there_and_every_box_is_one_node():
    figure = figure_of("unet")
    shown = re.findall(r"\\ag[sbri]\{[\d.]+\}\{", figure.tikz)
    assert len(shown) == sum(len(text.runs) for text in figure.diagram.texts())
    names = re.findall(r"anchor=north west\] \((.*?)\) at", figure.tikz)
    assert len(names) == len(set(names)) == len(figure.diagram.boxes)


def test_it_is_read_into_an_article():
    tikz = figure_of("dit").tikz
    assert "\\documentclass" not in tikz and "\\begin{document}" not in tikz
    assert tikz.startswith("% DiT\n") and tikz.endswith("\\endgroup\n")
    colors = set(re.findall(r"=ag([0-9a-f]{6})", tikz))
    assert colors <= set(re.findall(r"\\providecolor\{ag([0-9a-f]{6})\}", tikz))


PREAMBLE = r"\usepackage{tikz,textcomp,graphicx}\usetikzlibrary{arrows.meta}"


def article(body, options=""):
    return f"\\documentclass[{options}]{{article}}{PREAMBLE}\\begin{{document}}{body}\\end{{document}}"


def compiled(folder, text):
    (folder / "article.tex").write_text(text, encoding="utf-8")
    command = [str(LATEX), "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "article.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout.replace("\n", "")


@pytest.mark.slow
@pytest.mark.skipif(LATEX is None, reason="needs pdflatex")
@pytest.mark.parametrize("name", ["sd", "flux", "contrast", "strange"])
def test_latex_takes_it(tmp_path, name):
    if name == "contrast":
        figure = ag.contrast(ag.load("unet"), ag.load("dit"))
    elif name == "strange":
        text = f"archgraph: 1\nname: '{NAME}'\ninputs: {{x: {{c: 3, n: 16}}}}\n"
        figure = ag.loads(f"{text}network: [{{linear: {{out: 4}}, as: a_b}}]\n").draw()
    else:
        figure = figure_of(name)
    figure.save(tmp_path / "x.tex")
    compiled(tmp_path, article("\\input{x.tex}"))


@pytest.mark.slow
@pytest.mark.skipif(LATEX is None, reason="needs pdflatex")
def test_an_article_of_three_pictures_and_three_pdfs(tmp_path):
    """Each as wide as it says, in the fonts of the paper, and with the snippet that goes with it."""
    pytest.importorskip("typst")
    body = ""
    for name, width in (("dit", "column"), ("conv_stack", "column"), ("unet", "text")):
        figure = figure_of(name, width=width)
        figure.save(tmp_path / f"{name}.tex")
        figure.save(tmp_path / f"{name}-page.pdf")
        body += f"\\sbox0{{\\input{{{name}.tex}}}}\\typeout{{WIDTH {name} \\the\\wd0}}"
        body += figure.latex(f"{name}.tex") + figure.latex(f"{name}-page.pdf")
    output = compiled(tmp_path, article(body, "twocolumn"))
    widths = dict(re.findall(r"WIDTH (\w+) ([\d.]+)pt", output))
    for name, inches in (("dit", 3.25), ("conv_stack", 3.25), ("unet", 6.75)):
        assert abs(float(widths[name]) - inches * 72.27) < 0.5
