//! The page of a report: chapters of text, pictures, tables and players in one HTML file, which
//! holds all that it shows and asks no network for anything.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const STYLE: &str = include_str!("page.css");

/// A page from its title to its last chapter.
#[derive(Clone, Debug)]
pub struct Page {
    pub title: String,
    pub chapters: Vec<Chapter>,
}

/// A chapter, which the table of contents names.
#[derive(Clone, Debug, PartialEq)]
pub struct Chapter {
    pub title: String,
    pub parts: Vec<Part>,
}

/// What follows one another in a chapter. All texts are plain: the page escapes them.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A paragraph.
    Text(String),
    /// The heading of what follows, up to the next.
    Heading(String),
    /// A PNG; `name` is its file's in a folder of pictures, such as `residual-drums.png`, and no
    /// other picture's of the page.
    Picture {
        name: String,
        png: Vec<u8>,
        caption: String,
    },
    /// Rows as long as the header; cells that are numbers are set flush right.
    Table {
        caption: String,
        header: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    /// Sound to play, as [`sound::flac`](super::sound::flac) makes it. Players that follow each
    /// other stand side by side.
    Player { label: String, flac: Vec<u8> },
}

impl Page {
    /// The whole HTML file.
    pub fn html(&self) -> String {
        let title = escaped(&self.title);
        let mut html = String::new();
        // Nothing from elsewhere, and no script: the browser is told so too.
        let policy =
            "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'";
        write_all(
            &mut html,
            &[
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
                "<meta http-equiv=\"Content-Security-Policy\" content=\"",
                policy,
                "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
                "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
                &title,
                "</title>\n<style>\n",
                STYLE,
                "</style>\n</head>\n<body>\n<header>\n<h1>",
                &title,
                "</h1>\n",
            ],
        );
        html.push_str("</header>\n<nav>\n<h2>Contents</h2>\n<ol>\n");
        for (index, chapter) in self.chapters.iter().enumerate() {
            let (number, title) = ((index + 1).to_string(), escaped(&chapter.title));
            let entry = [
                "<li><a href=\"#chapter-",
                &number,
                "\">",
                &title,
                "</a></li>\n",
            ];
            write_all(&mut html, &entry);
        }
        html.push_str("</ol>\n</nav>\n<main>\n");
        for (index, chapter) in self.chapters.iter().enumerate() {
            let (number, title) = ((index + 1).to_string(), escaped(&chapter.title));
            let head = [
                "<section id=\"chapter-",
                &number,
                "\">\n<h2><span class=\"number\">",
                &number,
                "</span> ",
                &title,
                "</h2>\n",
            ];
            write_all(&mut html, &head);
            write_parts(&mut html, &chapter.parts);
            html.push_str("</section>\n");
        }
        html.push_str("</main>\n</body>\n</html>\n");
        html
    }

    /// The pictures in their order: name and bytes of each.
    pub fn pictures(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let parts = self.chapters.iter().flat_map(|chapter| &chapter.parts);
        parts.filter_map(|part| match part {
            Part::Picture { name, png, .. } => Some((name.as_str(), png.as_slice())),
            _ => None,
        })
    }
}

fn write_all(html: &mut String, pieces: &[&str]) {
    pieces.iter().for_each(|piece| html.push_str(piece));
}

fn write_parts(html: &mut String, parts: &[Part]) {
    let is_player = |part: Option<&Part>| matches!(part, Some(Part::Player { .. }));
    for (index, part) in parts.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| parts.get(index));
        if is_player(Some(part)) && !is_player(before) {
            html.push_str("<div class=\"players\">\n");
        }
        write_part(html, part);
        if is_player(Some(part)) && !is_player(parts.get(index + 1)) {
            html.push_str("</div>\n");
        }
    }
}

fn write_part(html: &mut String, part: &Part) {
    match part {
        Part::Text(text) => write_all(html, &["<p>", &escaped(text), "</p>\n"]),
        Part::Heading(text) => write_all(html, &["<h3>", &escaped(text), "</h3>\n"]),
        Part::Picture { png, caption, .. } => {
            let (caption, data) = (escaped(caption), STANDARD.encode(png));
            let pieces = [
                "<figure>\n<img alt=\"",
                &caption,
                "\" src=\"data:image/png;base64,",
                &data,
                "\">\n<figcaption>",
                &caption,
                "</figcaption>\n</figure>\n",
            ];
            write_all(html, &pieces);
        }
        Part::Table {
            caption,
            header,
            rows,
        } => {
            let caption = escaped(caption);
            html.push_str("<div class=\"table\">\n<table>\n");
            write_all(html, &["<caption>", &caption, "</caption>\n<thead>\n"]);
            // A title stands over its numbers.
            let classes = (0..header.len()).map(|column| {
                let cells = rows.iter().filter_map(|row| row.get(column));
                class_of(cells.map(String::as_str).find(|cell| is_number(cell)))
            });
            let header = header.iter().map(String::as_str).zip(classes);
            write_row(html, "th", header);
            html.push_str("</thead>\n<tbody>\n");
            for row in rows {
                let cells = row.iter().map(String::as_str);
                write_row(html, "td", cells.map(|cell| (cell, class_of(Some(cell)))));
            }
            html.push_str("</tbody>\n</table>\n</div>\n");
        }
        Part::Player { label, flac } => {
            let (label, data) = (escaped(label), STANDARD.encode(flac));
            let pieces = [
                "<figure class=\"player\">\n<figcaption>",
                &label,
                "</figcaption>\n<audio controls preload=\"metadata\" title=\"",
                &label,
                "\" src=\"data:audio/flac;base64,",
                &data,
                "\"></audio>\n</figure>\n",
            ];
            write_all(html, &pieces);
        }
    }
}

fn write_row<'a>(
    html: &mut String,
    tag: &str,
    cells: impl Iterator<Item = (&'a str, &'static str)>,
) {
    html.push_str("<tr>");
    for (cell, class) in cells {
        let cell = escaped(cell);
        write!(html, "<{tag}{class}>{cell}</{tag}>").expect("a string takes all");
    }
    html.push_str("</tr>\n");
}

fn class_of(cell: Option<&str>) -> &'static str {
    match cell {
        Some(cell) if is_number(cell) => " class=\"number\"",
        _ => "",
    }
}

/// Whether a cell begins with a number, or is the dash where one is missing.
fn is_number(cell: &str) -> bool {
    let unsigned = cell.trim_start_matches(['−', '-', '+', '±', '<', '>', '≈', ' ']);
    unsigned.starts_with(|first: char| first.is_ascii_digit()) || cell == "–"
}

/// Text as HTML shows it, in attributes too.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // HTML knows no other control characters than these.
            '\t' | '\n' => escaped.push(character),
            _ if character.is_control() => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(parts: Vec<Part>) -> Page {
        Page {
            title: "Rock & <Roll>".into(),
            chapters: vec![
                Chapter {
                    title: "One".into(),
                    parts,
                },
                Chapter {
                    title: "Two's".into(),
                    parts: Vec::new(),
                },
            ],
        }
    }

    fn picture(name: &str) -> Part {
        Part::Picture {
            name: name.into(),
            png: vec![0, 1, 254, 255],
            caption: "a \"<b>\"".into(),
        }
    }

    #[test]
    fn texts_are_shown_as_they_are() {
        let html = page(vec![picture("a.png")]).html();
        assert!(html.contains("<title>Rock &amp; &lt;Roll&gt;</title>"));
        assert!(html.contains("alt=\"a &quot;&lt;b&gt;&quot;\""));
        assert!(!html.contains("<Roll>") && !html.contains("<b>"));
        assert_eq!(escaped("it's\u{7}\n5 ‰"), "it&#39;s\u{fffd}\n5 ‰");
    }

    #[test]
    fn contents_lead_to_every_chapter() {
        let html = page(Vec::new()).html();
        for (number, title) in [("1", "One"), ("2", "Two&#39;s")] {
            let entry = format!("<a href=\"#chapter-{number}\">{title}</a>");
            assert_eq!(html.matches(&entry).count(), 1, "{entry}");
            let section = format!("<section id=\"chapter-{number}\">");
            assert_eq!(html.matches(&section).count(), 1, "{section}");
        }
    }

    #[test]
    fn what_is_shown_is_in_the_page() {
        let player = |label: &str| Part::Player {
            label: label.into(),
            flac: b"fLaC".to_vec(),
        };
        let parts = vec![player("a"), player("b"), picture("c.png"), player("d")];
        let page = page(parts);
        let html = page.html();
        assert!(html.contains("src=\"data:image/png;base64,AAH+/w==\""));
        assert_eq!(
            html.matches("src=\"data:audio/flac;base64,ZkxhQw==\"")
                .count(),
            3
        );
        assert_eq!(html.matches("<div class=\"players\">").count(), 2);
        assert_eq!(html.matches("<div").count(), html.matches("</div>").count());
        let sources = html.matches("src=\"").count();
        assert_eq!(sources, html.matches("src=\"data:").count());
        for address in ["http://", "https://", "url(", "@import", "<script", "<link"] {
            assert!(!html.contains(address), "{address}");
        }
        let pictures: Vec<_> = page.pictures().collect();
        assert_eq!(pictures, [("c.png", &[0, 1, 254, 255][..])]);
    }

    #[test]
    fn numbers_stand_under_each_other() {
        let table = Part::Table {
            caption: "scores".into(),
            header: vec!["stem".into(), "dB".into()],
            rows: vec![
                vec!["drums".into(), "−3.1".into()],
                vec!["bass".into(), "–".into()],
            ],
        };
        let html = page(vec![table]).html();
        assert!(html.contains("<tr><th>stem</th><th class=\"number\">dB</th></tr>"));
        assert!(html.contains("<tr><td>drums</td><td class=\"number\">−3.1</td></tr>"));
        assert!(html.contains("<tr><td>bass</td><td class=\"number\">–</td></tr>"));
    }
}
