"""Write the custom resource definitions into their folder."""

from ccat_operator.crds import FOLDER, render

for name, text in render().items():
    (FOLDER / name).write_text(text, encoding="utf-8")
