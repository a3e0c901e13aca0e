//! Colours, or none.

/// Paints text in ANSI styles, or leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    colour: bool,
}

impl Paint {
    /// `colour`: a terminal shows it.
    pub(crate) fn new(colour: bool) -> Paint {
        Paint { colour }
    }

    /// `text` in a style, the parameters of an SGR sequence: `31;1`.
    pub(crate) fn with(self, style: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{style}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
