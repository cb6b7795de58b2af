//! The source as the compiler sees it: its files as modules, what each of them uses, without comments and tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path in the code, or the place of a module: `["qualys", "transport"]`.
pub(crate) type Names = Vec<String>;

/// All files that belong to the library, by the module that each of them is.
pub(crate) struct Source(pub(crate) BTreeMap<Names, File>);

/// What stands in a file.
#[derive(Default)]
pub(crate) struct File {
    /// Its code, word by word; `::` is a word.
    pub(crate) words: Vec<String>,
    /// What it has a name for by `use`.
    imports: Vec<(String, Names)>,
    /// What others may call by it, though it stands elsewhere.
    exports: Vec<(String, Names)>,
    /// The paths in its code, `use` aside.
    paths: Vec<Names>,
}

impl Source {
    /// The library of this package.
    pub(crate) fn read() -> Self {
        let mut source = Source(BTreeMap::new());
        source.add(&folder(), &folder().join("lib.rs"), Vec::new());
        source
    }

    fn add(&mut self, folder: &Path, file: &Path, module: Names) {
        let file = File::parse(&fs::read_to_string(file).unwrap());
        for name in file.children() {
            let child = child(&module, &name);
            self.add(&folder.join(&name), &folder.join(format!("{name}.rs")), child);
        }
        self.0.insert(module, file);
    }

    /// The files that a file uses something of, and by which path.
    pub(crate) fn used_by(&self, module: &Names) -> BTreeMap<Names, String> {
        let file = &self.0[module];
        let imports = file.imports.iter().map(|(_, path)| path.clone());
        // What is only passed on isn't used.
        let exports = file.exports.iter().filter(|(name, _)| file.names(name));
        let exports = exports.map(|(_, path)| path.clone());
        let paths = file.paths.iter().map(|path| {
            let import = file.imports.iter().find(|(name, _)| *name == path[0]);
            import.map_or(path.clone(), |(_, long)| [long, &path[1..]].concat())
        });
        let mut used = BTreeMap::new();
        for path in imports.chain(exports).chain(paths) {
            for place in self.find(module, &path, 0) {
                if place != *module && !place.is_empty() {
                    used.insert(place, path.join("::"));
                }
            }
        }
        used
    }

    /// The files in which a path ends, as `module` writes it; none for another crate's.
    fn find(&self, module: &Names, path: &[String], depth: u8) -> Vec<Names> {
        let is_child = |name: &String| self.0.contains_key(&child(module, name));
        match path {
            // Names that lead to each other lead nowhere.
            _ if depth > 12 => Vec::new(),
            [] => vec![module.clone()],
            [first, rest @ ..] if first == "crate" => self.inside(&Vec::new(), rest, depth),
            [first, rest @ ..] if first == "self" => self.inside(module, rest, depth),
            [first, rest @ ..] if first == "super" => {
                let parent = module[..module.len() - 1].to_vec();
                match rest {
                    [next, ..] if next == "super" => self.find(&parent, rest, depth),
                    _ => self.inside(&parent, rest, depth),
                }
            }
            [first, ..] if is_child(first) || self.0[module].alias(first).is_some() => self.inside(module, path, depth),
            _ => Vec::new(),
        }
    }

    /// The same for a path that begins in `module`.
    fn inside(&self, module: &Names, path: &[String], depth: u8) -> Vec<Names> {
        let [first, rest @ ..] = path else {
            return vec![module.clone()];
        };
        let child = child(module, first);
        if self.0.contains_key(&child) {
            return self.inside(&child, rest, depth + 1);
        }
        match self.0[module].alias(first) {
            Some(long) => self.find(module, &[long, rest].concat(), depth + 1),
            None => vec![module.clone()],
        }
    }
}

impl File {
    pub(crate) fn parse(text: &str) -> Self {
        let mut words = Vec::new();
        flatten(text.parse().unwrap(), &mut words);
        let mut file = File::default();
        let mut rest = words.clone().into_iter().peekable();
        let mut public = false;
        while let Some(word) = rest.next() {
            match word.as_str() {
                // Not the `use<'a>` of a type.
                "use" if rest.peek().is_some_and(|next| next != "<") => {
                    let into = if public { &mut file.exports } else { &mut file.imports };
                    names(&mut rest, &[], into);
                }
                _ if is_name(&word) && rest.peek().is_some_and(|next| next == "::") => {
                    let mut path = vec![word];
                    while rest.next_if(|next| next == "::").is_some() {
                        path.extend(rest.next_if(|next| is_name(next)));
                    }
                    file.paths.push(path);
                    public = false;
                }
                "pub" => public = true,
                "(" | ")" | "in" | "crate" | "super" => {}
                _ => public = false,
            }
        }
        file.words = words;
        file
    }

    /// The modules that it declares and that have files of their own.
    fn children(&self) -> Vec<String> {
        let declared = self
            .words
            .windows(3)
            .filter(|words| words[0] == "mod" && words[2] == ";");
        declared.map(|words| words[1].clone()).collect()
    }

    fn alias(&self, name: &str) -> Option<&[String]> {
        let mut known = self.exports.iter().chain(&self.imports);
        known.find(|(known, _)| known == name).map(|(_, path)| &path[..])
    }

    /// Whether its own code says a name that it passes on.
    fn names(&self, name: &str) -> bool {
        let passed_on = self.exports.iter().filter(|(known, _)| known == name).count();
        self.words.iter().filter(|word| *word == name).count() > passed_on
    }
}

/// The folder of the source.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn child(module: &[String], name: &String) -> Names {
    [module, std::slice::from_ref(name)].concat()
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The names that a `use` makes, each with its path.
fn names(words: &mut Peekable<IntoIter<String>>, before: &[String], into: &mut Vec<(String, Names)>) {
    let mut path = before.to_vec();
    while let Some(word) = words.next() {
        match word.as_str() {
            "{" => {
                while words.next_if(|next| next == "}").is_none() {
                    names(words, &path, into);
                    words.next_if(|next| next == ",");
                }
                return;
            }
            "::" => continue,
            "self" if !path.is_empty() => {}
            _ => path.push(word),
        }
        match words.peek().map(String::as_str) {
            Some("::") => {}
            Some("as") => {
                let name = words.nth(1).unwrap();
                return into.push((name, path));
            }
            _ => return into.push((path.last().unwrap().clone(), path)),
        }
    }
}

/// The code, word by word, without what only tests and fuzzers are built with.
fn flatten(tokens: TokenStream, words: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                tokens.next_if(|next| matches!(next, TokenTree::Punct(bang) if bang.as_char() == '!'));
                let Some(TokenTree::Group(attribute)) = tokens.next() else {
                    continue;
                };
                let apart: BTreeSet<&str> = ["cfg (test)", "cfg (fuzzing)"].into();
                if apart.contains(attribute.stream().to_string().as_str()) {
                    skip(&mut tokens);
                }
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                words.push(open.to_owned());
                flatten(group.stream(), words);
                words.push(close.to_owned());
            }
            TokenTree::Punct(colon) if colon.as_char() == ':' && words.last().is_some_and(|word| word == ":") => {
                words.pop();
                words.push("::".to_owned());
            }
            TokenTree::Literal(_) => words.push("\"".to_owned()),
            other => words.push(other.to_string()),
        }
    }
}

/// Passes over an item, to the `;` or the braces that end it.
fn skip(tokens: &mut Peekable<impl Iterator<Item = TokenTree>>) {
    for token in tokens {
        match token {
            TokenTree::Punct(end) if end.as_char() == ';' => return,
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => return,
            _ => {}
        }
    }
}

#[test]
fn uses_are_read_as_the_compiler_reads_them() {
    let files = [
        ("", "mod room; mod other; mod third;"),
        (
            "room",
            "mod a; mod b; pub use b::{Thing, Passed as On}; fn f() -> On { loop {} }",
        ),
        (
            "room/a",
            "/// [`crate::other`]\nuse super::{b::c, Thing};\n#[cfg(test)]\nmod tests { use crate::third; }",
        ),
        (
            "room/b",
            "use crate::other::{self as far, X}; // crate::third\nfn g() { far::h(\"crate::third\", super::a::i()) }",
        ),
        (
            "other",
            "pub(in crate::x) fn h() -> impl use<> Sized { std::mem::take(x) }",
        ),
        ("third", "fn j() { json!({ \"k\": crate::room::Thing::new() }) }"),
    ];
    let path = |path: &str| -> Names {
        path.split('/')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let source = Source(files.map(|(module, text)| (path(module), File::parse(text))).into());
    let used = |module: &str| -> Vec<String> {
        source
            .used_by(&path(module))
            .keys()
            .map(|used| used.join("/"))
            .collect()
    };
    assert_eq!(used("room"), ["room/b"]);
    assert_eq!(used("room/a"), ["room/b"]);
    assert_eq!(used("room/b"), ["other", "room/a"]);
    assert_eq!(used("other"), [""; 0]);
    assert_eq!(used("third"), ["room/b"]);
}
