"""How texts are compared: by sentences, terms, dates, amounts and spelling."""
