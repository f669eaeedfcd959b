//! Pages for people: one HTML file each, that loads nothing, follows the reader's theme, and fits a phone
//! and paper.
//!
//! A [`Page`] is the shell: head, look, theme button. What stands on it is maud's [`Markup`], so names in the
//! data are escaped; [`section`], [`nav`], [`figure`] and [`table`] give it the common form.

pub mod numbers;
pub mod table;

use maud::{DOCTYPE, Markup, PreEscaped, Render, html};

/// A page and what is special about it.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// Title of the browser's tab.
    pub title: &'a str,
    /// CSS of this page alone; it comes after the common rules and may use their variables.
    pub style: &'a str,
    /// JavaScript of this page alone, empty for none. It runs when the page is there.
    pub script: &'a str,
    /// What stands above the sections: `h1`, links, figures.
    pub header: Markup,
    /// The sections.
    pub main: Markup,
}

impl Page<'_> {
    /// The whole file.
    ///
    /// Its policy lets it load nothing, and run no scripts but its own, whatever the names on it are: those carry a hash of
    /// the page as their password, which no part of the page can hold.
    pub fn to_html(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in [self.title, self.style, self.script, &self.header.0, &self.main.0] {
            hasher.update(part.as_bytes());
        }
        let nonce = &hasher.finalize().to_hex()[..32];
        let policy = format!(
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-{nonce}'; \
             base-uri 'none'; form-action 'none'"
        );
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    title { (self.title) }
                    link rel="icon" href="data:,";
                    style { (PreEscaped(include_str!("page.css"))) (PreEscaped(self.style)) }
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    header {
                        button #theme type="button" hidden { "Theme" }
                        (self.header)
                    }
                    main #main { (self.main) }
                    script nonce=(nonce) { (PreEscaped(include_str!("page.js"))) }
                    @if !self.script.is_empty() { script nonce=(nonce) { (PreEscaped(self.script)) } }
                }
            }
        };
        page.into_string()
    }
}

/// A section of the page: a heading that can be linked to, a line that says what it shows, its body.
pub fn section(id: &str, heading: &str, intro: impl Render, body: impl Render) -> Markup {
    html! {
        section id=(id) aria-labelledby={ (id) "-heading" } {
            h2 id={ (id) "-heading" } { (heading) }
            p.intro { (intro) }
            (body)
        }
    }
}

/// Links to sections: their ids and how the links read.
pub fn nav<'a>(sections: impl IntoIterator<Item = (&'a str, &'a str)>) -> Markup {
    html! {
        nav aria-label="Sections" {
            @for (id, name) in sections { a href={ "#" (id) } { (name) } }
        }
    }
}

/// One of the large figures at the head of a page, to stand in a `dl.figures`.
pub fn figure(name: &str, value: impl Render, detail: impl Render) -> Markup {
    html! {
        div {
            dt { (name) }
            dd.value { (value) }
            dd.detail { (detail) }
        }
    }
}

/// JSON that a script of the page reads: `JSON.parse(document.getElementById(id).textContent)`.
pub fn data(id: &str, json: &str) -> Markup {
    // No text in it can end the element.
    html! { script id=(id) type="application/json" { (PreEscaped(json.replace('<', "\\u003c"))) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(title: &str, script: &str) -> String {
        let main = section("a", "A", "what it shows", data("numbers", r#"["</script><b>"]"#));
        let header =
            html! { h1 { (title) } (nav([("a", "A")])) dl.figures { (figure("Rows", "12", "all")) } };
        Page { title, style: ".own { color: var(--ink); }", script, header, main }.to_html()
    }

    #[test]
    fn names_are_escaped() {
        let odd = "</title><script>alert(1)</script>";
        let page = page(odd, "");
        assert!(!page.contains("<script>") && page.contains("&lt;/title&gt;&lt;script&gt;"));
        assert!(page.contains(r#"["\u003c/script>\u003cb>"]"#));
    }

    #[test]
    fn only_its_own_scripts_may_run() {
        let nonce = |page: &str| page.split("'nonce-").nth(1).unwrap()[..32].to_owned();
        let (one, other) = (page("a", "let a = 1;"), page("b", "let a = 1;"));
        assert_eq!(one.matches(&format!("<script nonce=\"{}\">", nonce(&one))).count(), 2);
        assert_ne!(nonce(&one), nonce(&other));
        assert!(one.contains("default-src 'none'"));
    }

    #[test]
    fn the_shell_has_its_landmarks_in_order() {
        let page = page("t", "");
        let places =
            ["<header>", "<h1>", "<nav aria-label", "<main id=\"main\">", "<section id=\"a\"", "<h2 id="]
                .map(|part| page.find(part).unwrap_or_else(|| panic!("{part}")));
        assert!(places.is_sorted(), "{places:?}");
    }
}
