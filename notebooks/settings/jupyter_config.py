"""JupyterLab and its export to HTML ask nothing of any other machine (`make notebooks`)."""

from pathlib import Path

c = get_config()  # noqa: F821 (given by Jupyter)

c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"

c.TemplateExporter.extra_template_basedirs = [str(Path(__file__).parent)]
c.HTMLExporter.template_name = "page"
