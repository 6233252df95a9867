from tests.zoo import zoo_studies, zoo_study

__all__ = ["zoo_studies", "zoo_study"]
