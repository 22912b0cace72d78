# Building .reg text: the keys of one hive in order, parents first.
# SPDX-License-Identifier: GPL-3.0-or-later


class Expand(str):
    """REG_EXPAND_SZ"""


def render(value):
    if isinstance(value, bool):
        raise TypeError("registry values are int, str, Expand, list or bytes")
    if isinstance(value, int):
        return f"dword:{value & 0xFFFFFFFF:08x}"
    if isinstance(value, bytes):
        return "hex:" + ",".join(f"{b:02x}" for b in value)
    if isinstance(value, Expand):
        kind, text = 2, value + "\0"
    elif isinstance(value, list):
        kind, text = 7, "".join(item + "\0" for item in value) + "\0"
    else:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"hex({kind}):" + ",".join(f"{b:02x}" for b in text.encode("utf-16-le"))


class Keys:
    """Keys by path below the hive's root; case of the first use is kept, later uses meet it whatever their case."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.keys = {}
        self.names = {}

    def set(self, path, **values):
        return self.put(path, values)

    def put(self, path, values):
        parts = path.split("\\")
        for i in range(1, len(parts) + 1):
            name = "\\".join(parts[:i])
            self.names.setdefault(name.lower(), name)
            self.keys.setdefault(name.lower(), {})
        self.keys[path.lower()].update({k.replace("__", " "): v for k, v in values.items()})
        return self

    def get(self, path):
        return self.keys.get(path.lower())

    def copy_tree(self, source, target):
        for key in [k for k in self.keys if k == source.lower() or k.startswith(source.lower() + "\\")]:
            self.put(target + self.names[key][len(source):], dict(self.keys[key]))

    def text(self):
        lines = []
        for key in sorted(self.keys, key=lambda k: k.split("\\")):
            lines.append(f"[{self.prefix}\\{self.names[key]}]")
            for name, value in self.keys[key].items():
                quoted = name.replace("\\", "\\\\").replace('"', '\\"')
                lines.append(("@" if name == "@" else f'"{quoted}"') + "=" + render(value))
            lines.append("")
        return "\n".join(lines)
