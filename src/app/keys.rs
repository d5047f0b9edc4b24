//! Reads providers' API keys from environment variables.

use super::environment::variable;
use secrecy::SecretString;

/// A provider's API key, without the blanks and quotes that were around it in the environment variable.
pub(crate) struct Key {
    pub(crate) text: SecretString,
    /// True if the variable had blanks, line ends or a pair of quotes around the key, which were removed.
    pub(crate) is_trimmed: bool,
}

/// The reason why an environment variable holds no usable key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoKey {
    /// The variable is not set, or its value is not valid text.
    Unset,
    /// The variable is empty, or holds nothing but blanks and quotes.
    Empty,
    /// The key contains this character, which an HTTP header cannot carry.
    Odd(char),
}

/// Pairs of opening and closing quotes that are removed if they surround a key.
const QUOTES: [(char, char); 5] =
    [('"', '"'), ('\'', '\''), ('`', '`'), ('\u{201c}', '\u{201d}'), ('\u{2018}', '\u{2019}')];

/// Reads the API key in an environment variable.
pub(crate) fn key_in(name: &str) -> Result<Key, NoKey> {
    read(&variable(name).ok_or(NoKey::Unset)?)
}

/// Returns the warning that blanks, line ends or quotes around a key were removed. It repeats no part of the key.
pub(crate) fn trimmed(name: &str, provider: &str) -> String {
    format!(
        "the environment variable {name} has blanks, line ends or quotes around the key of {provider}. shotlist does \
         not send them with the key, but other programs may: remove them from the variable"
    )
}

/// Reads the API key in the value of a variable, and removes what shells, editors and env files leave around it.
pub(crate) fn read(text: &str) -> Result<Key, NoKey> {
    let key = without_blanks(text);
    let inside = |(open, close): &(char, char)| key.strip_prefix(*open)?.strip_suffix(*close);
    let key = QUOTES.iter().find_map(inside).map_or(key, without_blanks);
    match key.chars().find(|character| !matches!(character, ' '..='~')) {
        _ if key.is_empty() => Err(NoKey::Empty),
        Some(odd) => Err(NoKey::Odd(odd)),
        None => Ok(Key { text: SecretString::from(key), is_trimmed: key.len() < text.len() }),
    }
}

/// Removes blanks, line ends and the byte-order mark of an editor from both ends of a value.
fn without_blanks(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace() || matches!(character, '\u{feff}' | '\u{200b}')
    })
}

#[cfg(test)]
mod tests;
