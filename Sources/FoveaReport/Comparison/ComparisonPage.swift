// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
public import FoveaGraph

/// The page of a comparison: one file with the table, which a click on a title sorts, and the picture.
struct ComparisonPage {
    let comparison: Comparison

    func html() throws(FoveaError) -> String {
        let columns = comparison.columns
        let names = comparison.shortNames
        let title = "Comparison of " + names.joined(separator: ", ")
        let heads = ([comparison.nameTitle] + columns.map(\.title)).map {
            "<th><button type=\"button\">\($0.markup)</button></th>"
        }
        let body = zip(comparison.rows(columns), comparison.entries).map { row, entry in
            let values = [entry.name] + columns.map { $0.value(entry) ?? "" }
            let cells = zip(row, values).enumerated().map { index, cell in
                let isText = index == 0 || columns[index - 1].alignment == .left
                return "<td\(isText ? " class=\"text\"" : "") data-value=\"\(cell.1.markup)\">"
                    + "\(cell.0.markup)</td>"
            }
            return "<tr>\(cells.joined())</tr>"
        }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title.markup)</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            <h1>\(title.markup)</h1>
            <div class="wide"><table>
            <thead><tr>\(heads.joined())</tr></thead>
            <tbody>
            \(body.joined(separator: "\n"))
            </tbody>
            </table></div>
            \(comparison.notes.map { "<p>\($0.markup)</p>" }.joined(separator: "\n"))
            <div class="wide">
            \(try comparison.drawing().svgElement())</div>
            <script>
            \(Self.script)
            </script>
            </body>
            </html>

            """
    }

    private static let style = """
        :root { color-scheme: light dark; }
        body { font: 15px/1.45 "DejaVu Sans", Verdana, sans-serif; margin: 2rem auto;
          max-width: 76rem; padding: 0 1rem; }
        h1 { font-size: 1.15rem; }
        .wide { overflow-x: auto; margin: 1.2rem 0; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .85rem; }
        th, td { padding: .3rem .7rem; text-align: right; white-space: nowrap; }
        th:first-child, td.text { text-align: left; }
        thead { border-bottom: 2px solid #8888; }
        tbody tr:nth-child(odd) { background: #8881; }
        th button { all: unset; cursor: pointer; font-weight: bold; }
        th button:focus-visible { outline: 2px solid #0072b2; }
        th[aria-sort=ascending] button::after { content: " ▲"; }
        th[aria-sort=descending] button::after { content: " ▼"; }
        p { margin: .2rem 0; font-size: .85rem; }
        svg { background: #fff; border-radius: 6px; max-width: 100%; height: auto; }
        """

    /// A click sorts by a column, numbers from the largest; a second click the other way round.
    private static let script = """
        const body = document.querySelector("tbody");
        document.querySelectorAll("th").forEach((head, column) => head.onclick = () => {
          const value = row => row.cells[column].dataset.value;
          const rows = [...body.rows];
          const known = rows.filter(row => value(row) !== "");
          const isNumber = known.every(row => !isNaN(value(row)));
          const was = head.getAttribute("aria-sort");
          const down = was ? was === "ascending" : isNumber;
          known.sort((a, b) => (isNumber ? value(a) - value(b) : value(a).localeCompare(value(b)))
            * (down ? -1 : 1));
          document.querySelectorAll("th").forEach(other => other.removeAttribute("aria-sort"));
          head.setAttribute("aria-sort", down ? "descending" : "ascending");
          body.append(...known, ...rows.filter(row => value(row) === ""));
        });
        """
}

extension Comparison {
    /// Gives the comparison as a page that works without a network: one file of HTML.
    ///
    /// - Returns: The text of the page.
    /// - Throws: An error if the picture cannot be drawn.
    public func html() throws(FoveaError) -> String { try ComparisonPage(comparison: self).html() }

    /// Writes the page, replacing the file in one step.
    ///
    /// - Parameter path: Where to write.
    /// - Throws: An error if the file cannot be created or written.
    public func writeHTML(to path: String) throws(FoveaError) {
        try AtomicFile.write(path, text: html())
    }
}
