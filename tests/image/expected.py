"""What a report means by the default selection, counted by another XML parser than the program's."""

import collections
import xml.parsers.expat

# Confirmed and potential ones; information is left out.
KINDS = {"Vuln", "Practice"}


def findings_of(xml_stream):
    """Findings that are to arrive, by host."""
    counts = collections.Counter()
    finding, text, host = {}, [], ""

    def start(name, _):
        text.clear()
        if name == "VULN_INFO":
            finding.clear()

    def end(name):
        nonlocal host
        if name in ("TYPE", "VULN_STATUS"):
            finding[name] = "".join(text)
        elif name == "IP":
            host = "".join(text)
        elif name == "VULN_INFO" and finding["TYPE"] in KINDS and finding.get("VULN_STATUS") != "Fixed":
            counts[host] += 1

    parser = xml.parsers.expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text.append
    parser.ParseFile(xml_stream)
    return counts
