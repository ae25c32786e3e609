"""Write an id into a picture's pixels, where eyes do not find it, and read it back.

base       what a method of marking gives and takes
keys       the secret that marks are made of: versions, rotation
marker     the one that the rest of Easel asks: writes by one method, reads by all
"""
