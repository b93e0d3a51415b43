"""An in-process robot for sessions: seeded verdicts, short episodes with a real video, faults on demand."""

import random
from pathlib import Path
from typing import Dict, List, Optional

import numpy as np

from eval_protocol.plan import Plan, Trial
from eval_protocol.session import Aborted, Episode, Stopped, Verdict, video_name
from eval_protocol.store import TrialRow
from eval_protocol.video import VideoWriter


class FakeRobot:
    """Succeeds on every odd trial; ``faults`` maps a trial number to the reasons of its first aborts."""

    def __init__(self, folder: Path, faults: Optional[Dict[int, List[str]]] = None, video: bool = False) -> None:
        self.folder, self.video = Path(folder), video
        self.faults = {number: list(reasons) for number, reasons in (faults or {}).items()}
        self.calls: List[str] = []
        self.lost = False

    def prepare(self, plan: Plan, trial: Trial) -> None:
        self.calls.append(f"prepare {trial.number}")
        if self.faults.get(trial.number):
            raise Aborted(self.faults[trial.number].pop(0))

    def check_ready(self, plan: Plan, trial: Trial) -> None:
        self.calls.append(f"check {trial.number}")

    def run_policy(self, plan: Plan, trial: Trial, attempt: TrialRow) -> Episode:
        self.calls.append(f"run {trial.number}")
        draw = random.Random(trial.number)
        success = trial.number % 2 == 1
        steps = 60 if success else 300
        return Episode(
            duration_s=steps / 5,
            steps=steps,
            ended="success" if success else "time_limit",
            latencies_s=[draw.gauss(0.11, 0.01) for _ in range(steps)],
            intervals_s=[draw.gauss(0.2, 0.004) for _ in range(steps - 1)],
            limits={"leash": 2},
            limited=2,
            moved_m=[abs(draw.gauss(0.01, 0.005)) for _ in range(steps)],
            milestones=["reach", "grasp", "transport", "place"] if success else ["reach"],
            video=self._film(video_name(trial, attempt), steps) if self.video else "",
        )

    def verdict(self, plan: Plan, trial: Trial, episode: Episode) -> Verdict:
        return Verdict(trial.number % 2 == 1, "predicate")

    def recover(self, reason: str) -> None:
        self.calls.append("recover")
        if self.lost:
            raise Stopped("the bridge did not come back")

    def _film(self, name: str, steps: int) -> str:
        writer = VideoWriter(self.folder / "videos" / name)
        picture = np.zeros((96, 128, 3), dtype=np.uint8)
        for step in range(steps):
            picture[:, :, step % 3] = (step * 5) % 256
            picture[40:56, step % 112 : step % 112 + 16] = 255
            writer.add(picture, 50 + step * 0.2)
        path = writer.close()
        return str(path.relative_to(self.folder)) if path else ""
