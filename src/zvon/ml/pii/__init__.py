"""Names, firms, addresses, accounts, machines and secrets in running text: a trained tagger."""
