import cv2
import numpy as np
import pytest

from robot_bridge.sim import sheet


def picture(value):
    return np.full((30, 40, 3), (value, 0, 255 - value), np.uint8)


def test_rows_stand_under_each_other_with_pictures_side_by_side():
    image = sheet.contact_sheet([("first", [picture(10), picture(20)]), ("second", [picture(30)])])
    row = sheet.CAPTION_PX + 30
    assert image.shape == (2 * row, 2 * 40 + sheet.GAP_PX, 3)
    np.testing.assert_array_equal(image[sheet.CAPTION_PX : row, 40 + sheet.GAP_PX :], picture(20))
    np.testing.assert_array_equal(image[row + sheet.CAPTION_PX :, :40], picture(30))
    assert (image[row + sheet.CAPTION_PX :, 40:] == sheet.PAPER).all(), "a short row is blank at its end"
    assert (image[: sheet.CAPTION_PX] < 100).any(), "the caption is written"


def test_pictures_are_chosen_evenly_with_both_ends():
    pictures = [picture(value) for value in range(11)]
    assert [p[0, 0, 0] for p in sheet.evenly(pictures, 3)] == [0, 5, 10]
    assert len(sheet.evenly(pictures[:2], 6)) == 2
    with pytest.raises(ValueError, match="0 pictures"):
        sheet.evenly([], 3)


def test_unequal_pictures_and_empty_rows_are_refused():
    with pytest.raises(ValueError, match="expected \\(30, 40, 3\\)"):
        sheet.contact_sheet([("a", [picture(1), picture(1)[:20]])])
    with pytest.raises(ValueError, match="at least one"):
        sheet.contact_sheet([("a", [])])


def test_the_file_is_rgb_and_a_missing_folder_is_told(tmp_path):
    sheet.write_png(str(tmp_path / "a.png"), picture(200))
    assert cv2.imread(str(tmp_path / "a.png"))[0, 0].tolist() == [55, 0, 200]
    with pytest.raises(ValueError, match="does the folder exist"):
        sheet.write_png(str(tmp_path / "no" / "a.png"), picture(200))
