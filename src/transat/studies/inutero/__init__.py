"""INuTERO: which medicines of pregnancy go with which malformations, on both shores at once."""
