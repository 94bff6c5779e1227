"""Who acts: users, their roles, programs (API clients) and what each may do."""
