"""What CloudFormation's own schemas say of a template, before anything is deployed."""
