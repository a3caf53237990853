"""Files of other tools that hold recorded exchanges, a module for each kind."""
