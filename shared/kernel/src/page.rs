//! Pages of a list (AIP-158).

use crate::{Failure, Reason};

/// How many rows a page may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    /// What 0 means.
    pub const DEFAULT: u16 = 50;
    /// What more is coerced to.
    pub const MAX: u16 = 1000;

    /// Reads the `page_size` of a request: 0 means 50, more than 1000 is coerced, negative is refused.
    pub fn parse(requested: i32) -> Result<Self, Failure> {
        if requested < 0 {
            return Err(Failure::invalid(
                Reason::InvalidPageSize,
                "page_size must not be negative; 0 means 50, and more than 1000 means 1000.",
            )
            .violation("page_size", "value must be greater than or equal to 0"));
        }
        if requested == 0 {
            return Ok(Self(Self::DEFAULT));
        }
        Ok(Self(u16::try_from(requested).unwrap_or(Self::MAX).min(Self::MAX)))
    }

    /// The number of rows.
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// The part of a list that a client asks for.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// How many rows at most.
    pub size: PageSize,
    /// The token of the page before, sealed by the store; empty for the first page.
    pub token: String,
}

impl PageRequest {
    /// Reads `page_size` and `page_token` of a request.
    pub fn parse(size: i32, token: String) -> Result<Self, Failure> {
        Ok(Self { size: PageSize::parse(size)?, token })
    }
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub items: Vec<T>,
    /// The token that continues the list; empty at its end.
    pub next: String,
}

impl<T> Page<T> {
    /// The same page with each row turned into something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}
