//! What a saved view may ask of the list: filters and an order, and nothing of a page.

use miyabi_core::ApiError;

use super::Asked;

impl Asked {
    /// # Errors
    ///
    /// 422 for a parameter that says which page, or asks for the trash.
    pub(crate) fn check_saved(&self) -> Result<(), ApiError> {
        let refused = [
            ("ids", self.ids.is_some()),
            ("limit", self.limit.is_some()),
            ("cursor", self.cursor.is_some()),
            ("deleted", self.deleted.is_some()),
        ];
        match refused.into_iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::invalid(name, "cannot be part of a view")),
        }
    }
}
