"""Write the pages of docs/ that are made from the code: `make dictionary`."""

from iolaus.cli import parser
from iolaus.export import (
    command_reference,
    dictionary,
    finding_pictures,
    judgement_reference,
    lake_reference,
    landing_reference,
    sentence_reference,
    settings_reference,
    signal_reference,
)

PAGES = (dictionary, judgement_reference, lake_reference, landing_reference, sentence_reference, settings_reference)

if __name__ == "__main__":
    for made in (*PAGES, signal_reference):
        made.PAGE.write_text(made.page(), encoding="utf-8")
    command_reference.PAGE.write_text(command_reference.page(parser()), encoding="utf-8")
    for drawn in (lake_reference, judgement_reference):
        drawn.PICTURE.write_text(drawn.picture(), encoding="utf-8")
    for name, drawing in finding_pictures.pictures().items():
        (finding_pictures.FOLDER / name).write_text(drawing, encoding="utf-8")
