#!/usr/bin/python3
"""An XLSX file as text, by Python's own zip and XML: test_cli_xlsx.c compares it. One line per worksheet, row and cell: what a spreadsheet would see."""
import re
import sys
import xml.etree.ElementTree as ET
import zipfile

M = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def formats(z):
    styles = ET.fromstring(z.read("xl/styles.xml"))
    codes = {n.get("numFmtId"): n.get("formatCode") for n in styles.iter(M + "numFmt")}
    return [codes.get(x.get("numFmtId"), "") for x in styles.find(M + "cellXfs")]


def cell(c, codes):
    kind, value = c.get("t", "n"), c.find(M + "v")
    if c.find(M + "f") is not None:
        return "FORMULA"
    if kind == "inlineStr":
        return "text " + repr("".join(t.text or "" for t in c.iter(M + "t")))
    code = codes[int(c.get("s", "0"))]
    return {"n": "number", "b": "bool"}[kind] + " " + value.text + (" " + code if code else "")


def main():
    z = zipfile.ZipFile(sys.argv[1])
    codes = formats(z)
    for sheet in ET.fromstring(z.read("xl/workbook.xml")).iter(M + "sheet"):
        name = f"xl/worksheets/sheet{re.sub('[^0-9]', '', sheet.get(R + 'id'))}.xml"
        root = ET.fromstring(z.read(name))
        pane, auto = root.find(f".//{M}pane"), root.find(M + "autoFilter")
        frozen = "" if pane is None else f" frozen {pane.get('ySplit')}"
        print(f"{sheet.get('name')}:{frozen}{'' if auto is None else ' filter ' + auto.get('ref')}")
        for c in root.iter(M + "c"):
            print(f"  {c.get('r')} {cell(c, codes)}")


main()
