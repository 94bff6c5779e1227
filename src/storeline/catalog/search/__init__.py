"""Search over the products' names: forgiving of typing errors, in any script, inside PostgreSQL.

Products that share a name share one indexed text. A text is a list of words; a word knows the texts that
hold it, and the shortened forms by which a misspelt query finds it (the symmetric-delete method of
W. Garbe's SymSpell, 2012). A query finds words, words find texts, texts are ranked, products answer.
"""
