import numpy as np
import pytest

from robot_bridge.sim.environment import SimEnvironment
from robot_bridge.sim.scene import Placement, sample_scene
from robot_bridge.sim.segmentation import PARTS, Segmenter


@pytest.fixture(scope="module")
def seen():
    """A picture and its mask, and the mask of the same moment with the object elsewhere."""
    spec = sample_scene(
        "cucumber_in_bowl", 5, kitchen=0, randomise=False, target_xy=(0.25, -0.08), container_xy=(0.32, 0.10),
        distractors=(Placement("tomato", 0.36, -0.14),),
    )  # fmt: skip
    environment = SimEnvironment(latency_s=0.0)
    segmenter = Segmenter(spec)
    try:
        image = environment.reset(spec).image
        mask = segmenter.mask(environment.world.qpos)
        moved = environment.world.qpos
        start = int(environment.world.model.joint("target").qposadr[0])
        moved[start + 1] += 0.15
        yield image, mask, segmenter.mask(moved)
    finally:
        segmenter.close()
        environment.close()


def test_everything_in_the_scene_is_told_apart(seen):
    _, mask, _ = seen
    assert mask.shape == (128, 128) and mask.dtype == np.uint8
    counts = {part: int((mask == number).sum()) for number, part in enumerate(PARTS)}
    assert counts["background"] > 8000 and all(count > 20 for count in counts.values())


def test_the_mask_is_of_the_picture(seen):
    """The pixels of the cucumber are green, those of the tomato red, of nothing else on the counter so much."""
    image, mask, _ = seen
    colours = {part: image[mask == PARTS.index(part)].mean(0) for part in ("target", "distractors", "background")}
    assert colours["target"][1] > 1.3 * colours["target"][0]
    assert colours["distractors"][0] > 2.0 * colours["distractors"][1]


def test_the_mask_follows_the_object(seen):
    _, mask, after = seen
    target = PARTS.index("target")
    before_columns, after_columns = np.nonzero(mask == target)[1], np.nonzero(after == target)[1]
    assert after_columns.mean() < before_columns.mean() - 10  # +y is to the left of the picture
    assert (mask == PARTS.index("gripper")).sum() == (after == PARTS.index("gripper")).sum()
