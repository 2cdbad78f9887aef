"""What is read from text: parsing, fingerprints, embedding, intents, redaction, pseudonyms."""
