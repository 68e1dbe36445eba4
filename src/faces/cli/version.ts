// The LXC whose options, output and files these tools follow.

export const COMPATIBLE_WITH = "7.0.0";
