//! Reads and writes amounts of money in the lines of the ledger, as plain decimal text.

pub(super) mod usd {
    use crate::domain::money::Usd;
    use serde::{Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the field")]
    pub(in crate::store::ledger) fn serialize<S: Serializer>(usd: &Usd, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&usd.plain())
    }

    pub(in crate::store::ledger) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Usd, D::Error> {
        crate::store::rows::text::deserialize(d)
    }
}

pub(super) mod maybe_usd {
    use crate::domain::money::Usd;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(in crate::store::ledger) fn serialize<S: Serializer>(
        usd: &Option<Usd>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        match usd {
            Some(usd) => s.serialize_str(&usd.plain()),
            None => s.serialize_none(),
        }
    }

    pub(in crate::store::ledger) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<Usd>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}
