"""The files around the code: do they still say what the code does?"""
