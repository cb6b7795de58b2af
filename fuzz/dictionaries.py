#!/usr/bin/env python3
"""Writes fuzz/*.dict: the words that the parsers look for, taken from where the code has them.

With --check it only says whether they are as the code is now.
"""

import pathlib
import re
import sys

FUZZ = pathlib.Path(__file__).resolve().parent
SOURCE = FUZZ.parent / "src"


def strings(file, pattern=r"[^\"\\{}\n]{2,40}"):
    """The string literals of a file, its tests left out."""
    text = (SOURCE / file).read_text().split("#[cfg(test)]")[0]
    return re.findall(rf'"({pattern})"', text)


def settings():
    """Keys, and the values that rows hold, in the order of the table."""
    keys, values = [], []
    for module, section in re.findall(r"^    \w+: (\w+)::(\w+),$", (SOURCE / "config/sections.rs").read_text(), re.M):
        text = (SOURCE / f"config/sections/{module}.rs").read_text()
        name, rows = re.search(rf'^    {section} "(.+?)" {{\n(.+?)^    }}', text, re.M | re.S).groups()
        keys += [f"{name}.{key or field}" for field, key in re.findall(r'^        (\w+)(?: as "(.+?)")?: ', rows, re.M)]
        values += re.findall(r'\.(?:default|example|old)\("([^"]+)"\)', rows)
    return keys, values


def options():
    text = (SOURCE / "cli.rs").read_text()
    body = text[text.index("struct Options {") : text.index("impl Cli")]
    fields = re.findall(r"^    ([a-z_0-9]+): ", body, re.M)
    commands = text[text.index("pub enum Command {") : text.index("pub enum Output")]
    verbs = re.findall(r"^    ([A-Z][a-z]+)\b", commands, re.M)
    return ["--" + field.replace("_", "-") for field in fields], [verb.lower() for verb in verbs]


def dictionaries():
    elements = strings("report/grammar.rs", "[A-Z_]{2,30}") + strings("report/grammar/misplaced.rs", "[A-Z_]{2,30}")
    tags = [f"<{name}>" for name in elements] + [f"</{name}>" for name in elements]
    values = strings("report/values.rs") + strings("report/parser.rs", "[A-Za-z_]{2,20}")
    markup = ["<![CDATA[", "]]>", "<!--", "-->", "<?xml", "?>", "/>", "<!DOCTYPE", "&amp;", "&#x41;", "&#0;", "&lt;"]
    keys, said = settings()
    names = sorted({name for key in keys for name in key.split(".")})
    ours, verbs = options()
    perl = [f"-{name}" for pair in re.findall(r'\("([a-z]+)", "([a-z0-9]+)"\)', (SOURCE / "cli/perl.rs").read_text()) for name in pair]
    yaml = ["---\n", "...\n", "\n  ", "\n- ", ": ", "- ", "|\n", ">-\n", "'", "\"", "&a ", "*a", "!!str ", "{", "}", "[", "]", "# ", "%YAML 1.2\n", "? ", "\\x41"]
    words = strings("report/choice.rs", "[a-z]{3,12}") + ["all", "y", "n", "yes", "no", "on", "off"]
    pages = sorted(set(strings("report/host_list.rs", "[A-Z_0-9]{2,30}") + strings("report/parser/answers.rs", "[A-Z_]{2,40}") + elements))
    return {
        "pages": [f"<{name}>" for name in pages] + [f"</{name}>" for name in pages] + markup + ["id_min=7", "1980", "10.0.0.1", "0.0.0.5", "2001:db8::2", "7-9", "Re-Opened", "FIXED", "2026-01-01T00:00:00Z"],
        "report": tags + markup + values + ["network_id=\"1\"", "number=\"7\"", "value=\"10.0.0.1\"", "192.0.2.1", "2001:db8::1", "CVE-2026-0001", "tcp", "udp"],
        "unzip": ["PK\x03\x04", "PK\x01\x02", "PK\x05\x06", "PK\x06\x06", "PK\x07\x08", "\x01\x00\x10\x00", "\xff\xff\xff\xff", "\x1f\x8b\x08", ".xml"],
        "frame": ["\x00\x00\x00\x01", "\x00\x00\x00\x02", "\x00\x00\x00\x03", "\x00\x00\x00\x04", "\x00\x00\x01\x2c", "\xff\xff\xff\xff"],
        "answer": strings("host_input/answer.rs", "[a-zA-Z ]{3,30}") + strings("host_input/answer/texts.rs") + strings("qualys/transport/answer.rs", "[A-Z_]{2,30}") + [f"<{name}>" for name in ["SIMPLE_RETURN", "RESPONSE", "CODE", "TEXT", "ITEM_LIST", "ITEM", "KEY", "VALUE", "REPORT", "ID", "STATUS", "STATE", "WARNING"]] + [" commands.\n"] + markup,
        "ranges": said + words + ["/24", "/255.255.255.0", "-", ",", "::", "::ffff:", "ca_file:", "name:", "fingerprint:", "https://", "1h 30m", "90s", "ms", "4294967295", "18446744073709551616"],
        "yaml": [name + ":" for name in names] + said + words + yaml,
        "arguments": ours + sorted(set(perl)) + verbs + [key + "=" for key in keys] + ["QualysGuard", "csv", "--", "\n", ">>", "2>&1", "|", "&&", "cd", "qualys_connector.pl", "@daily", "30 2 * * 1-5", "json", "bash", "'", "\""],
    }


def escaped(word):
    """As a dictionary of libFuzzer has it: printable ASCII, and all else in hexadecimal."""
    return "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\x{byte:02x}" for c in word for byte in (c.encode("latin-1") if c < "\u0100" else b"?"))


def main(check):
    old = []
    for target, words in dictionaries().items():
        file = FUZZ / f"{target}.dict"
        text = "".join(f'"{escaped(word)}"\n' for word in dict.fromkeys(words))
        if not check:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            old.append(file.name)
    return f"run fuzz/dictionaries.py, as {', '.join(old)} is older than the code" if old else 0


sys.exit(main("--check" in sys.argv))
