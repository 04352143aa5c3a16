"""What was measured, as a table for people and as JSON."""
import datetime
import json
import os
import platform
from statistics import median


def spread(values):
    return {"median": median(values), "least": min(values),
            "most": max(values), "all": list(values)}


class Figures:
    def __init__(self, quick):
        self.quick, self.began = quick, datetime.datetime.now(
            datetime.timezone.utc)
        self.list, self.took = [], {}

    def add(self, row, what, unit, ours, ceiling=None, compare=None, goal="",
            good=None, met=None, **more):
        """ours, ceiling: a figure a round. compare: of each round's two. good
        judges the median of what is compared, or of ours; or met says it."""
        figure = {"row": row, "what": what, "unit": unit,
                  "ours": spread(ours)}
        judged = ours
        if ceiling is not None:
            figure["ceiling"] = spread(ceiling)
        if compare is not None:
            judged = [compare(*pair) for pair in zip(ours, ceiling)]
            figure["compared"] = spread(judged)
        if good is not None:
            met = bool(good(median(judged)))
        if met is not None:
            figure["goal"], figure["met"] = goal, met
        figure.update(more)
        self.list.append(figure)
        print(line(figure), flush=True)

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"machine": machine(), "quick": self.quick,
                       "began": self.began.isoformat(timespec="seconds"),
                       "row_seconds": self.took,
                       "figures": self.list}, file, indent=1)
            file.write("\n")


def ratio(ours, ceiling):
    return ours / ceiling


def more(ours, ceiling):
    return ours - ceiling


def plain(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def shown(values):
    if values is None:
        return ""
    text = plain(values["median"])
    if len(values["all"]) > 1:
        text += f" ({plain(values['least'])} to {plain(values['most'])})"
    return text


WIDTHS = (2, 36, 8, 25, 25, 23, 25)


def row_of(cells):
    return " ".join(f"{cell:<{width}}" for cell, width in
                    zip(cells, WIDTHS)).rstrip()


def head():
    return row_of(("#", "median (range)", "unit", "Postrider", "ceiling",
                   "compared", "goal"))


def line(figure):
    met = {True: "met", False: "MISSED"}.get(figure.get("met"), "")
    return row_of((
        figure["row"], figure["what"], figure["unit"],
        shown(figure["ours"]), shown(figure.get("ceiling")),
        shown(figure.get("compared")),
        f"{figure.get('goal', '')} {met}".strip()))


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [text.split(":", 1)[1].strip() for text in file
                 if text.startswith("model name")]
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {"cores": len(os.sched_getaffinity(0)),
            "processor": names[0] if names else platform.machine(),
            "memory_mib": pages * size >> 20, "kernel": platform.release(),
            "load": os.getloadavg()[0]}
