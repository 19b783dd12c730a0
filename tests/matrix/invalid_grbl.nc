G21 G90 G17 G94
S9000 M3
G0 X-10 Y20 Z5
G1 Z-1 F300
G1 X20 F900
(an arc without a centre or a radius)
G2 X30 Y30
G0 Z5
M30
