//! Columns that hold a value of the domain as JSON.

use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{TryGetableFromJson, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A value that a column holds as JSON. It is read from the column's text at once, without a tree of
/// JSON in between, which for a page of rows costs as much as everything else that is done with them.
///
/// What a column holds was checked when it was written: JSON of another shape is a defect, and the query
/// that meets it fails as such.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Document<T>(pub T);

impl<T: DeserializeOwned> TryGetableFromJson for Document<T> {}

impl<T: Serialize> From<Document<T>> for Value {
    /// # Panics
    /// If the value has no form in JSON, which would be a defect of its type: a map whose keys are no texts.
    fn from(document: Document<T>) -> Self {
        let json = serde_json::to_value(&document).expect("a value of the domain has a form in JSON");
        Self::Json(Some(Box::new(json)))
    }
}

impl<T: DeserializeOwned> ValueType for Document<T> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        match value {
            Value::Json(Some(json)) => serde_json::from_value(*json).map_err(|_| ValueTypeErr),
            _ => Err(ValueTypeErr),
        }
    }

    fn type_name() -> String {
        std::any::type_name::<T>().to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::Json
    }

    fn column_type() -> ColumnType {
        ColumnType::Json
    }
}

impl<T> Nullable for Document<T> {
    fn null() -> Value {
        Value::Json(None)
    }
}
