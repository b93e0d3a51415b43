"""`vptr data`: import, inspect, edit and export what is learnt from; a format is a function with options of its own."""

from typing import Any, Dict

from vptr_cli import data_edit, data_export, data_inspect, data_replay, data_robot, data_video
from vptr_cli.formats import ByFormat, Format

IMPORTS: Dict[str, Format] = {**data_video.IMPORTS, **data_robot.IMPORTS}
INFOS: Dict[str, Format] = {**data_video.INFOS, **data_inspect.INFOS}
EXPORTS: Dict[str, Format] = {**data_export.EXPORTS}

COMMANDS: Dict[str, Any] = {
    "import": ByFormat("Make training data of what other programs recorded.", IMPORTS),
    "info": ByFormat("Describe a folder of training data.", INFOS),
    "export": ByFormat("Write demonstrations in the format of another program.", EXPORTS),
    **data_inspect.COMMANDS,
    **data_edit.COMMANDS,
    **data_replay.COMMANDS,
}
