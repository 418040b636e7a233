"""Verbs that look at data: `doctor` and `browse`."""

from pathlib import Path

from keras_twostream.cli.models import _json_argument
from keras_twostream.cli.output import import_keras, print_json


def doctor(
    path, list_file, format, split, flow_frames, quick, html, workers, as_json
):
    """Say what is wrong with a set of clips, and how to mend it."""
    from keras_twostream.doctor.examination import examine

    report = examine(
        path,
        list_file,
        format,
        split,
        flow_frames=flow_frames,
        quick=quick,
        html=html,
        workers=workers,
    )
    if as_json:
        print_json(report.to_dict())
    else:
        report.print()
        if html:
            print(f"Page: {html}")
    return report.status


def browse(path, html, opened, augment, image_size, **settings):
    """Show what a folder of clips or a prepared set feeds to a network."""
    import_keras()
    from keras_twostream.doctor.browsing import browse

    page = browse(
        path, html, augment=augment, image_size=tuple(image_size), **settings
    )
    print(page)
    if opened:
        import webbrowser

        webbrowser.open(Path(page).resolve().as_uri())


def _doctor_arguments(verb):
    verb.epilog = (
        "Exit status: 0 if nothing is wrong, or nothing but warnings and "
        "notes; 1 if there is an error among the findings; 2 if there is "
        "nothing to examine."
    )
    verb.add_argument(
        "path",
        help="folder of classes, prepared set, folder of extracted frames and "
        "flow, or a video file",
    )
    verb.add_argument(
        "--list",
        dest="list_file",
        metavar="FILE",
        help="list of the clips, whose paths start at PATH",
    )
    verb.add_argument("--format", default="auto", help="of the list")
    verb.add_argument(
        "--split",
        help="number of the official split, or what the list is for: train, "
        "validation or test",
    )
    verb.add_argument(
        "--flow-frames", type=int, default=10, help="flow fields in a sample"
    )
    verb.add_argument(
        "--quick",
        action="store_true",
        help="trust headers: decode little, compare no clips",
    )
    verb.add_argument(
        "--html", metavar="FILE", help="write a page with pictures too"
    )
    _shared_arguments(verb)
    _json_argument(verb)


def _browse_arguments(verb):
    verb.add_argument("path", help="folder of classes, or prepared set")
    verb.add_argument(
        "--html", metavar="FILE", default="browse.html", help="page to write"
    )
    verb.add_argument(
        "--open",
        dest="opened",
        action="store_true",
        help="open the page in the browser",
    )
    verb.add_argument("--clips", type=int, default=12, help="clips to show")
    verb.add_argument("--seed", type=int, default=0, help="of which clips")
    verb.add_argument(
        "--augment",
        action="store_true",
        help="sample, crop and flip by chance, as in training",
    )
    verb.add_argument("--frames", type=int, default=5, help="frames per clip")
    verb.add_argument(
        "--flow-frames", type=int, default=10, help="flow fields of each"
    )
    verb.add_argument(
        "--image-size",
        type=int,
        nargs=2,
        default=(224, 224),
        metavar=("HEIGHT", "WIDTH"),
        help="of the samples, in pixels",
    )
    verb.add_argument("--cache-dir", help="folder of prepared clips")
    _shared_arguments(verb)


def _shared_arguments(verb):
    verb.add_argument(
        "--workers", type=int, help="processes, by default one for each core"
    )


VERBS = {
    "doctor": (doctor, _doctor_arguments),
    "browse": (browse, _browse_arguments),
}
