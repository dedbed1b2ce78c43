"""What the desk's search must find, whatever way it is typed: stored, typed, found or not."""

#: (first name, last name, what is typed, whether it finds that account)
NAMES = (
    ("Élodie", "Lefèvre", "lefevre", True),
    ("Élodie", "Lefèvre", "LEFÈVRE", True),
    ("Élodie", "Lefèvre", "  lefe\u0300vre   e\u0301lodie ", True),
    ("Élodie", "Lefèvre", "Élodie Lefèvre", True),
    ("Élodie", "Lefèvre", "Lefèvre Élodie", True),
    ("Élodie", "Lefèvre", "lef", True),
    ("Élodie", "Lefèvre", "elo lefe", True),
    ("Élodie", "Lefèvre", "le", False),
    ("Élodie", "Lefèvre", "lefevre paul", False),
    ("Zoé", "d’Été-Müller", "muller", True),
    ("Zoé", "d’Été-Müller", "d'ete muller", True),
    ("Zoé", "d’Été-Müller", "ETE MÜL", True),
    ("Jean-Michel", "Martin", "jean michel", True),
    ("Jean-Michel", "Martin", "jean-michel\u00a0martin", True),
    ("Jean-Michel", "Martin", "martineau", False),
    ("Søren", "Øster-Strauß", "oster strauss", True),
    ("Łukasz", "Œuvrard", "lukasz oeuvrard", True),
    ("Λουκία", "Παππά", "παππα", True),
    ("Anne", "O'Brien", "o'brien & |:* !", True),
    ("Anne", "O'Brien", "& | ! :*", False),
    ("Anne", "O'Brien", "obrien", True),
    ("Anne", "O’Brien", "OBR", True),
    ("Anne", "O'Brien", "anne o brien", True),
    ("Anne", "OBrien", "o'brien", True),
    ("Anne", "OBrien", "o'brien anne", True),
    ("Jean-Michel", "Martin", "jeanmichel", True),
    ("Jean Michel", "Martin", "jeanmichel martin", True),
    ("Jeanmichel", "Martin", "martin jean-michel", True),
    ("Ève", "de la Tour", "delatour", True),
    ("Ève", "Delatour", "de la tour", True),
    ("Ève", "Le Fèvre", "lefevre", True),
    ("Ève", "Lefèvre", "le fevre", True),
    ("Ève", "Lefèvre", "le fevre paul", False),
    ("Anne", "O'Brien", "obriend", False),
)
#: (stored address, what is typed, found)
ADDRESSES = (
    ("Pierre.Durand@labo.fr", "pierre.durand@labo.fr", True),
    ("Pierre.Durand@labo.fr", "  PIERRE.DURAND@LABO.FR ", True),
    ("Pierre.Durand@labo.fr", "pierre.durand@", True),
    ("Pierre.Durand@labo.fr", "Pierre.Dur", True),
    ("Pierre.Durand@labo.fr", "@labo.fr", True),
    ("Pierre.Durand@labo.fr", "@LAB", True),
    ("Pierre.Durand@labo.fr", "durand@labo.fr", False),
    ("Pierre.Durand@labo.fr", "pierre%", False),
    ("Pierre.Durand@labo.fr", "@labo.com", False),
)
#: (company, town, postal code, what is typed, found)
ESTABLISHMENTS = (
    ("Pharmacie du Cœur", "Saint-Étienne", "42000", "pharmacie coeur", True),
    ("Pharmacie du Cœur", "Saint-Étienne", "42000", "SAINT ETIENNE", True),
    ("Pharmacie du Cœur", "Saint-Étienne", "42000", "coeur saint-etienne", True),
    ("Pharmacie du Cœur", "Saint-Étienne", "42000", "pharm 42000", True),
    ("Pharmacie du Cœur", "Saint-Étienne", "42000", "pharmacie lyon", False),
    ("L’Oréal", "Clichy", "92110", "l'oreal", True),
    ("L’Oréal", "Clichy", "92110", "oreal clichy", True),
    ("L’Oréal", "Clichy", "92110", "loreal", True),
    ("Loréal", "Clichy", "92110", "l'oréal", True),
    ("Pharmacie du Cœur", "Saint-Étienne", "42000", "saintetienne", True),
    ("Pharma-Lab", "Lyon", "69001", "pharmalab", True),
    ("Pharmalab", "Lyon", "69001", "pharma lab lyon", True),
)
#: (stored telephone, what is typed, found)
PHONES = (
    ("+33123454217", "01 23 45 42 17", True),
    ("+33123454217", "01.23.45.42.17", True),
    ("+33123454217", "+33 1 23 45 42 17", True),
    ("+33123454217", "+33 (0)1 23 45 42 17", True),
    ("+33123454217", "0033 1 23 45 42 17", True),
    ("+33123454217", "01 23 45 42 18", False),
    ("+33123454217", "4217", False),
    ("+596596123456", "05 96 12 34 56", True),
    ("+3212345678", "+32 12 34 56 78", True),
)
#: (what is typed, found) for the SIRET 732 829 320 00074
SIRETS = (
    ("73282932000074", True),
    ("732 829 320 00074", True),
    ("732\u202f829\u202f320", True),
    ("732829320", True),
    ("732829321", False),
    ("sans", False),
)
#: (stored number, what is typed, found)
NUMBERS = (
    ("AI-2026-000123", "ai 2026 000123", True),
    ("AI-2026-000123", "AI2026", True),
    ("AI-2026-000123", "AI/2026/000123", True),
    ("AI-2026-000123", "2026", False),
    ("AI-2026-000123", "AI", False),
    ("AI-2026-000123", "d-77", True),
)
