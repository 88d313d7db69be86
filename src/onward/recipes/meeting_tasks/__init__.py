"""Meeting tasks: put the action items of meeting notes into a tracker, each exactly once."""
