import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digit_core.errors import InputError
from digit_core.layouts.template import Area, Layout, Zone
from tasks.adapters.layout_store import LayoutFolder, TakenError, file_name


def form(name="form", x=1.0):
    return Layout(name, 100.0, 100.0, zones=(Zone("a", Area(x, 1.0, 10.0, 10.0)),))


def test_what_was_saved_is_loaded_again(tmp_path):
    folder = LayoutFolder(tmp_path / "new" / "layouts")

    folder.save(form("Skjema Å (1901)"))

    assert folder.load("Skjema Å (1901)") == form("Skjema Å (1901)")
    assert [(one.name, one.version) for one in folder.all()] == [("Skjema Å (1901)", form("Skjema Å (1901)").version)]


def test_another_layout_of_that_name_is_replaced_only_by_who_names_its_version(tmp_path):
    folder = LayoutFolder(tmp_path)
    folder.save(form(x=1.0))

    for replaces in (None, "", "0" * 12):
        with pytest.raises(TakenError) as refused:
            folder.save(form(x=2.0), replaces)
        assert refused.value.version == form(x=1.0).version
    assert folder.load("form") == form(x=1.0)
    folder.save(form(x=2.0), form(x=1.0).version)

    assert folder.load("form") == form(x=2.0)


def test_the_same_layout_may_be_saved_again(tmp_path):
    folder = LayoutFolder(tmp_path)
    folder.save(form())

    folder.save(form())

    assert len(folder.all()) == 1


def test_what_is_rounded_in_the_file_can_be_replaced_by_the_version_that_saving_it_gave(tmp_path):
    folder = LayoutFolder(tmp_path)
    version = folder.save(form(x=100 / 7))

    folder.save(form(x=20.0), version)

    assert folder.load("form") == form(x=20.0)


def test_a_broken_file_can_be_replaced_and_until_then_says_what_it_is(tmp_path):
    folder = LayoutFolder(tmp_path)
    (tmp_path / "form.yaml").write_text("no layout")
    (broken,) = folder.all()

    with pytest.raises(TakenError):
        folder.save(form())
    folder.save(form(), "")

    assert "this is not a layout" in broken.problem
    assert folder.load("form") == form()


def test_of_many_who_save_at_once_one_wins_and_the_file_is_whole(tmp_path):
    folder, refused = LayoutFolder(tmp_path), []

    def save(x):
        try:
            folder.save(form(x=float(x)))
        except InputError as error:
            refused.append(error)

    threads = [threading.Thread(target=save, args=(x,)) for x in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 7
    assert folder.load("form").zones[0].box.x in range(1, 9)
    assert [path.name for path in tmp_path.iterdir()] == ["form.yaml"]


def test_a_folder_that_cannot_be_written_is_said_with_its_setting(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(InputError, match="DIGITS_LAYOUTS"):
        LayoutFolder(tmp_path / "file" / "layouts").save(form())


def test_a_layout_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="there is no layout called form"):
        LayoutFolder(tmp_path / "none").load("form")


@given(st.text(max_size=100) | st.text("./\\ a-_\0\n", max_size=12))
def test_no_name_leads_out_of_the_folder(name):
    try:
        safe = file_name(name)
    except InputError:
        return

    assert not set(safe) & set('/\\\0\n\r"<>|:*?')
    assert safe[0] not in ".- "
    assert len(f"{safe}.yaml".encode()) <= 255
