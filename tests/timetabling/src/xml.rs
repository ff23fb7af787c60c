//! A document of XML as a tree, each element with its line.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::text::Fault;

/// The deepest nesting that is read.
const DEEPEST: usize = 20;

/// An element. What is written between elements says nothing in these documents.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) line: usize,
    attributes: BTreeMap<String, String>,
    children: Vec<Element>,
}

impl Element {
    /// The outermost element of a document.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let mut reader = Reader::from_str(text);
        let mut lines = Lines { text, offset: 0, line: 1 };
        let mut open: Vec<Self> = Vec::new();
        loop {
            let event = reader.read_event();
            let line = lines.at(usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX));
            let ended = match event.map_err(|_| Fault::new(line, "this is no XML"))? {
                Event::Start(start) => {
                    if open.len() == DEEPEST {
                        return Err(Fault::new(line, "the elements are nested too deep"));
                    }
                    open.push(Self::begun(&start, line)?);
                    None
                }
                Event::Empty(start) => Some(Self::begun(&start, line)?),
                Event::End(_) => open.pop(),
                Event::Eof => return Err(Fault::new(line, "the document ends in the middle")),
                _ => None,
            };
            match (ended, open.last_mut()) {
                (Some(ended), Some(outer)) => outer.children.push(ended),
                (Some(ended), None) => return Ok(ended),
                (None, _) => {}
            }
        }
    }

    fn begun(start: &BytesStart<'_>, line: usize) -> Result<Self, Fault> {
        let broken = || Fault::new(line, "an attribute is broken");
        let mut attributes = BTreeMap::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| broken())?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| broken())?;
            attributes.insert(attribute.key.into_inner().to_owned(), value.into_owned());
        }
        Ok(Self { name: start.name().into_inner().to_owned(), line, attributes, children: Vec::new() })
    }

    /// The elements of a name directly within.
    pub(crate) fn each(&self, name: &'static str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The one element of a name directly within.
    pub(crate) fn one(&self, name: &str) -> Result<&Self, Fault> {
        self.children
            .iter()
            .find(|child| child.name == name)
            .ok_or_else(|| self.fault(format!("the element {name} is missing")))
    }

    /// The attribute of a name, if there is one.
    pub(crate) fn maybe(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// The attribute of a name.
    pub(crate) fn text(&self, name: &str) -> Result<&str, Fault> {
        self.maybe(name).ok_or_else(|| self.fault(format!("the attribute {name} is missing")))
    }

    /// The attribute of a name, which is a number.
    pub(crate) fn number(&self, name: &str, most: u32) -> Result<u32, Fault> {
        let number = self.text(name)?.parse().ok().filter(|number| *number <= most);
        number.ok_or_else(|| self.fault(format!("{name} must be a number from 0 to {most}")))
    }

    pub(crate) fn fault(&self, text: impl Into<String>) -> Fault {
        Fault::new(self.line, text)
    }
}

/// Counts the lines up to places that are asked for in order.
struct Lines<'t> {
    text: &'t str,
    offset: usize,
    line: usize,
}

impl Lines<'_> {
    fn at(&mut self, offset: usize) -> usize {
        let offset = offset.clamp(self.offset, self.text.len());
        self.line += self.text.get(self.offset..offset).unwrap_or_default().matches('\n').count();
        self.offset = offset;
        self.line
    }
}
