//! The network that separated: what it is made of, and what it did with this passage.

mod description;
mod follows;
mod front_end;
mod pictures;

use crate::report::network::masks;
use crate::report::{Chapter, Material, Part, ReportError};

pub fn chapter(material: &Material) -> Result<Option<Chapter>, ReportError> {
    let Some(network) = &material.network else {
        return Ok(None);
    };
    let config = network.model.config();
    let mut parts = vec![Part::Text(description::story(config))];
    parts.extend(description::company(network));
    parts.extend([
        description::sizes(network),
        Part::Heading("The front end".into()),
    ]);
    parts.extend(front_end::parts(network)?);
    parts.push(Part::Heading("Masks over time".into()));
    match masks::masks(&network.model, material.mix(), material.rate_hz()) {
        Some(masks) => {
            let ideal = follows::ideal(material, config);
            parts.push(pictures::masks(material, &masks, ideal.as_ref())?);
            parts.push(Part::Heading("What each mask follows".into()));
            parts.extend(follows::parts(material, &masks, ideal.as_ref())?);
        }
        None => parts.push(Part::Text(format!(
            "The network works at {} Hz, the song has {}: between the two lies a resampler, and the \
             masks are left out.",
            config.rate_hz(),
            material.rate_hz()
        ))),
    }
    parts.push(Part::Heading("How it was trained".into()));
    parts.extend(description::training(network));
    Ok(Some(Chapter {
        title: "The network: Conv-TasNet".into(),
        parts,
    }))
}
