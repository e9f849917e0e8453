"""Pages of HTML in one file, without network: elements, sections, words and the common style."""
