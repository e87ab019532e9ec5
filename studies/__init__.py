"""The long experiments behind the published numbers: `make study`, or `python -m studies NAME ...`

Every module here but the runner and the fingerprint is one subject: it opens with its claim and with what would prove
it wrong, and holds its studies in `STUDIES`. A module put here is found. The results are written to seqlab/results and
ship with the package; this folder does not.
"""

import importlib
import pkgutil

MODULES = [importlib.import_module(f"studies.{module.name}") for module in pkgutil.iter_modules(__path__)
           if module.name not in ("__main__", "fingerprint", "runner")]
STUDIES = {name: study for module in MODULES for name, study in module.STUDIES.items()}
